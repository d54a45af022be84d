import { closeSync, openSync, readSync } from 'node:fs'
import * as ort from 'onnxruntime-node'
import { float16ToFloat32, type StoredMatrix } from '../activations/index'
import { LayerscopeError } from '../errors'
import type { FeatureBlocks } from './feature-blocks'
import { GraphBuilder } from './onnx-graph'
import { activationsMismatch, activationsNotFinite, deadDeviation, type SiteData } from './site-data'

/** Values of a block: at 4 bytes each it and what is made of it stay in the last cache level. */
const blockValues = 2 ** 21

/**
 * One site's labelled rows, read from its file block by block each time they are asked for: what is held is a block, the
 * statistics of the features, and nothing that grows with rows × columns. Its numbers are those of `prepareSite` to float32's
 * rounding. Close it when the site is done.
 * @throws LayerscopeError `activations-mismatch`, `activations-not-finite`
 */
export async function openStreamedSite(
  site: string, source: StoredMatrix, allRows: number, rows: Int32Array, cellOfRow: Int32Array, cells: number
): Promise<SiteData> {
  const { columns } = source
  if (source.rows !== allRows || columns === 0) throw activationsMismatch(site, source, allRows)
  const reader = new BlockReader(source, rows)
  try {
    const { cellRows, cellSums, cellSquares, offset, scale } = statistics(site, reader, rows, cellOfRow, cells)
    const blocks = await StandardisedBlocks.open(reader, offset, scale)
    return {
      site, rows: rows.length, columns, offset, scale, cellRows, cellSums, cellSquares, blocks,
      get features(): Float32Array {
        throw new LayerscopeError({
          code: 'site-not-resident', field: 'methods',
          message: `The activations of ${site} (${rows.length} × ${columns}) are too large to hold in memory whole, which this method needs.`,
          hint: 'Use the logistic probe, which reads them in blocks, or fewer rows (--limit when extracting).'
        })
      },
      async close() {
        await blocks.release()
        reader.close()
      }
    }
  } catch (error) {
    reader.close()
    throw error
  }
}

/** Means, deviations and sums by cell, in one pass over the file; sums are of deviations from the first row, which keeps them small. */
function statistics(site: string, reader: BlockReader, rows: Int32Array, cellOfRow: Int32Array, cells: number): Pick<SiteData, 'cellRows' | 'cellSums' | 'cellSquares' | 'offset' | 'scale'> {
  const { columns, starts } = reader
  const count = rows.length
  const cellRows = new Float64Array(cells)
  const cellSums = new Float64Array(cells * columns)
  const cellSquares = new Float64Array(cells * columns)
  const origin = new Float64Array(columns)
  for (let block = 0; block < starts.length - 1; block++) {
    const values = reader.widened(block)
    if (block === 0) origin.set(values.subarray(0, columns))
    for (let row = starts[block] as number, at = 0; row < (starts[block + 1] as number); row++) {
      const cell = cellOfRow[row] as number
      cellRows[cell] = (cellRows[cell] as number) + 1
      for (let column = 0, sum = cell * columns; column < columns; column++, at++, sum++) {
        const value = (values[at] as number) - (origin[column] as number)
        cellSums[sum] = (cellSums[sum] as number) + value
        cellSquares[sum] = (cellSquares[sum] as number) + value * value
      }
    }
  }
  const offset = new Float64Array(columns)
  const scale = new Float64Array(columns)
  for (let column = 0; column < columns; column++) {
    let sum = 0
    let squares = 0
    for (let cell = 0; cell < cells; cell++) {
      sum += cellSums[cell * columns + column] as number
      squares += cellSquares[cell * columns + column] as number
    }
    const shift = sum / count
    const deviation = Math.sqrt(Math.max(0, squares / count - shift * shift))
    // A single NaN or infinity reaches the sum of its column.
    if (!Number.isFinite(deviation)) throw activationsNotFinite(site, column, rowOfNaN(reader, rows, column))
    offset[column] = (origin[column] as number) + shift
    scale[column] = deviation < deadDeviation ? 0 : deviation
    const inverse = deviation < deadDeviation ? 0 : 1 / deviation
    for (let cell = 0; cell < cells; cell++) {
      const at = cell * columns + column
      const own = cellSums[at] as number
      const n = cellRows[cell] as number
      cellSums[at] = (own - n * shift) * inverse
      cellSquares[at] = Math.max(0, (cellSquares[at] as number) - 2 * shift * own + n * shift * shift) * inverse * inverse
    }
  }
  return { cellRows, cellSums, cellSquares, offset, scale }
}

/** Activation row of the first value of a column that is not a number; -1 where the sum alone overflowed. */
function rowOfNaN(reader: BlockReader, rows: Int32Array, column: number): number {
  const { columns, starts } = reader
  for (let block = 0; block < starts.length - 1; block++) {
    const values = reader.widened(block)
    for (let at = column, row = starts[block] as number; at < values.length; at += columns, row++) {
      if (!Number.isFinite(values[at] as number)) return rows[row] as number
    }
  }
  return -1
}

/** Chosen rows of a stored matrix, a block at a time into one buffer. */
class BlockReader {
  readonly columns: number
  readonly starts: readonly number[]
  private readonly file: number
  private readonly bytesPerValue: number
  private readonly buffer: Uint8Array
  private readonly wide: Float32Array

  constructor(private readonly source: StoredMatrix, private readonly rows: Int32Array) {
    this.columns = source.columns
    const height = Math.max(1, Math.floor(blockValues / source.columns))
    this.starts = [...Array.from({ length: Math.ceil(rows.length / height) }, (_, block) => block * height), rows.length]
    this.bytesPerValue = source.dtype === 'F16' ? 2 : 4
    this.buffer = new Uint8Array(height * source.columns * this.bytesPerValue)
    this.wide = source.dtype === 'F16' ? new Float32Array(height * source.columns) : new Float32Array(this.buffer.buffer)
    this.file = openSync(source.path, 'r')
  }

  /** The block as it is stored: bits of halves, or floats. */
  stored(block: number): ort.Tensor {
    const values = this.fill(block)
    const shape = [values / this.columns, this.columns]
    return this.source.dtype === 'F16'
      ? new ort.Tensor('float16', new Uint16Array(this.buffer.buffer, 0, values), shape)
      : new ort.Tensor('float32', new Float32Array(this.buffer.buffer, 0, values), shape)
  }

  widened(block: number): Float32Array {
    const values = this.fill(block)
    const wide = this.wide.subarray(0, values)
    if (this.source.dtype === 'F16') float16ToFloat32(new Uint16Array(this.buffer.buffer, 0, values), wide)
    return wide
  }

  close(): void {
    closeSync(this.file)
  }

  /** Reads a block, runs of neighbouring rows together; returns how many values it has. */
  private fill(block: number): number {
    const { rows, source, columns, bytesPerValue } = this
    const [from, to] = [this.starts[block] as number, this.starts[block + 1] as number]
    const rowBytes = columns * bytesPerValue
    for (let start = from; start < to;) {
      const first = rows[start] as number
      let end = start + 1
      while (end < to && rows[end] === first + end - start) end++
      this.readWhole((start - from) * rowBytes, (end - start) * rowBytes, source.begin + first * rowBytes)
      start = end
    }
    return (to - from) * columns
  }

  private readWhole(at: number, bytes: number, position: number): void {
    for (let read = 0; read < bytes;) {
      const got = readSync(this.file, this.buffer, at + read, bytes - read, position + read)
      if (got === 0) throw new LayerscopeError({ code: 'safetensors-unreadable', message: 'The file ended early: it was cut while being read.', file: this.source.path })
      read += got
    }
  }
}

/** Stored blocks, widened and standardised by ONNX Runtime into one tensor that is used again and again. */
class StandardisedBlocks implements FeatureBlocks {
  private constructor(
    private readonly reader: BlockReader,
    readonly rows: number,
    private readonly session: ort.InferenceSession,
    private readonly offset: ort.Tensor,
    private readonly inverse: ort.Tensor,
    private readonly room: Float32Array
  ) {}

  static async open(reader: BlockReader, offset: Float64Array, scale: Float64Array): Promise<StandardisedBlocks> {
    const { columns, starts } = reader
    const height = (starts[1] as number) - (starts[0] as number)
    const row = (values: Float32Array): ort.Tensor => new ort.Tensor('float32', values, [1, columns])
    return new StandardisedBlocks(
      reader, starts[starts.length - 1] as number, await standardisation(reader.stored(0).type === 'float16').session(),
      row(Float32Array.from(offset)), row(Float32Array.from(scale, deviation => deviation > 0 ? 1 / deviation : 0)), new Float32Array(height * columns)
    )
  }

  get columns(): number { return this.reader.columns }
  get starts(): readonly number[] { return this.reader.starts }

  async read(block: number): Promise<ort.Tensor> {
    const stored = this.reader.stored(block)
    const features = new ort.Tensor('float32', this.room.subarray(0, stored.size), stored.dims)
    await this.session.run({ stored, offset: this.offset, inverse: this.inverse }, { features })
    return features
  }

  async release(): Promise<void> {
    await this.session.release()
  }
}

function standardisation(half: boolean): GraphBuilder {
  const graph = new GraphBuilder()
  const stored = graph.input('stored', half ? 'float16' : 'float32')
  const centred = graph.op('Sub', [half ? graph.cast(stored, 'float32') : stored, graph.input('offset')])
  graph.output(graph.op('Mul', [centred, graph.input('inverse')]), 'features')
  return graph
}
