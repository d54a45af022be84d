import type { GraphBuilder, Value } from './graph/graph-builder'

/**
 * Most bytes of weights that are decoded, copied or packed in one piece. Electron's allocator ends the process where 2 GiB are
 * asked for at once, and a packed copy is a little larger than what it is made of.
 */
export const PIECE_BYTES = 2 ** 30

/** The rows [from, to) of a matrix. */
export interface RowPiece {
  readonly from: number
  readonly to: number
}

/** The rows of a matrix [rows, width] in pieces that take at most `limit` bytes each as float32, the widest they are ever held. */
export function rowPieces(rows: number, width: number, limit: number): readonly RowPiece[] {
  const most = Math.max(1, Math.floor(limit / (4 * width)))
  return Array.from({ length: Math.max(1, Math.ceil(rows / most)) }, (_, i) => ({ from: i * most, to: Math.min(rows, (i + 1) * most) }))
}

/** What names the values of a piece; nothing where it is all of the matrix. */
export function pieceSuffix({ from, to }: RowPiece, rows: number): string {
  return from === 0 && to === rows ? '' : `/rows_${from}`
}

/** A product whose columns are computed piece by piece, [n, piece] each, plus `bias`: [n, out]. */
export function joinedProducts(graph: GraphBuilder, products: readonly Value[], bias: Value | null, label: string): Value {
  const joined = graph.op('Concat', products, bias ? `${label}/joined` : label, { axis: 1 })
  return bias ? graph.op('Add', [joined, bias], label) : joined
}

/** Rows of a table held in several pieces at `indices`: each piece is asked for all of them, and gives those it has. [...indices, width] */
export function pieceLookup(graph: GraphBuilder, pieces: readonly RowPiece[], tableOf: (piece: RowPiece) => Value, indices: Value, label: string): Value {
  const aligned = graph.op('Unsqueeze', [indices, graph.int64s([-1])], `${label}/aligned`)
  return pieces.reduce((found, piece, i) => {
    const at = `${label}/rows_${piece.from}`
    const own = graph.op('Clip', [graph.op('Sub', [indices, graph.int64(piece.from)], `${at}/own`), graph.int64(0), graph.int64(piece.to - piece.from - 1)], `${at}/clipped`)
    const rows = graph.op('Gather', [tableOf(piece), own], at)
    if (i === 0) return rows
    const reached = graph.op('GreaterOrEqual', [aligned, graph.int64(piece.from)], `${at}/reached`)
    return graph.op('Where', [reached, rows, found], i === pieces.length - 1 ? label : `${at}/found`)
  }, '')
}
