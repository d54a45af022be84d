import { openStore, writeParquetTable } from '../../engine/activations/index'
import { LayerscopeError } from '../../engine/errors'
import { projectLayers, type LayerProjection } from '../../engine/projections/index'
import { projectionPlanSchema } from '../../../preload/recipe'
import { duration, type Terminal } from '../terminal'

export interface ProjectOptions {
  readonly site: string
  readonly method: 'umap' | 'pca'
  readonly neighbors: number
  readonly minDist: number
  readonly epochs?: number
  readonly seed: number
  readonly out: string
}

/** Two coordinates a row at one site, as Parquet with `row`, `x`, `y`. */
export async function project(folder: string, options: ProjectOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const store = await openStore(folder)
  try {
    if (store.manifest.plan.positions.kind === 'all') {
      throw new LayerscopeError({ code: 'store-of-tokens', message: 'These activations keep every token: a projection needs one vector a row.', file: folder, hint: 'Extract with --positions last, first, mean or span:COLUMN.' })
    }
    const { site, method, neighbors, minDist, epochs, seed } = options
    const plan = projectionPlanSchema.parse({ method, neighbors, minDist, epochs: epochs ?? null, seed })
    const results: LayerProjection[] = []
    await projectLayers({
      sites: [site], depthOrder: store.sites, readSite: name => store.readSite(name), plan, signal,
      onEvent(event) {
        if (event.kind === 'stage') terminal.stage(`${event.stage}…${event.note === undefined ? '' : ` ${event.note}`}`)
        else if (event.kind === 'frame') terminal.progress(`epoch ${event.epoch} of ${event.epochs}`)
        else results.push(event.result)
      }
    })
    const [result] = results
    if (result === undefined) throw new Error('the projection ended without a layout')
    const { xy, trustworthiness, explained, seconds } = result
    const rows = store.rows.length
    await writeParquetTable(options.out, [
      { name: 'row', kind: 'integer', values: store.rows },
      { name: 'x', kind: 'float', values: Float32Array.from({ length: rows }, (_, row) => xy[2 * row] ?? NaN) },
      { name: 'y', kind: 'float', values: Float32Array.from({ length: rows }, (_, row) => xy[2 * row + 1] ?? NaN) }
    ])
    terminal.result({ rows, seconds, trustworthiness, explained })
    terminal.print(`${method} of ${rows} rows at ${site} in ${duration(seconds)}${trustworthiness === null ? '' : `, trustworthiness ${trustworthiness.toFixed(3)}`}: ${options.out}`)
  } finally {
    await store.close()
  }
}
