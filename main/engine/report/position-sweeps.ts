/** What a run was read at besides its own position, from the folders that keep it. */
import type { ExtractionSummary, PositionsResult, PositionSweep, SweepSummary } from '../../../preload/contract'
import { inTextOrder } from '../../../preload/positions'
import type { Positions } from '../../../preload/recipe'
import { readManifest } from '../activations/index'
import { askedPositions, positionFolder, type AskedPosition } from '../sessions/index'
import { openFinishedSweep } from './finished-sweep'

/** A run by its folder, with what it found at its own position. */
export interface OwnPosition {
  readonly folder: string
  readonly positions: Positions
  readonly extraction: ExtractionSummary | null
  readonly sweep: SweepSummary | null
}

/** All positions in the order of the text: the run's own, and those that were asked for. @throws LayerscopeError `positions-damaged`, and what the folders' files throw */
export async function positionSweeps({ folder, positions, extraction, sweep }: OwnPosition): Promise<PositionsResult> {
  const found: PositionSweep[] = [{ positions, ...rowsOf(extraction), sweep, error: null }]
  for (const one of await askedPositions(folder)) found.push(await positionSweep(folder, one))
  return { positions: found.sort((a, b) => inTextOrder(a.positions, b.positions)) }
}

/** One that was asked for. @throws what its folder's files throw */
export async function positionSweep(run: string, { positions, error }: AskedPosition): Promise<PositionSweep> {
  const folder = positionFolder(run, positions)
  const sweep = error === null ? (await openFinishedSweep(folder, null)).sweep : null
  return { positions, ...rowsOf((await readManifest(folder))?.extraction ?? null), sweep, error }
}

function rowsOf(extraction: ExtractionSummary | null): Pick<PositionSweep, 'rows' | 'leftOut' | 'readAt'> {
  const skipped = extraction?.skipped ?? []
  return { rows: extraction?.rows ?? 0, leftOut: { count: skipped.length, first: skipped[0] ?? null }, readAt: extraction?.readAt ?? null }
}
