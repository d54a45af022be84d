/**
 * Projections of a run: what is stored is shown at once, the rest computed, aligned to it, and stored.
 */
import type { ProjectionEvent } from '../../preload/contract'
import type { ProjectionPlan } from '../../preload/recipe'
import { LayerscopeError } from './errors'
import { quoted } from './quoted'
import { projectLayers } from './projections/index'
import type { RunFolder } from './sessions/index'

export interface ProjectionRequest {
  readonly run: RunFolder
  readonly sites: readonly string[]
  readonly plan: ProjectionPlan
  readonly signal?: AbortSignal
  onEvent(event: ProjectionEvent): void
  /** Whether the last frame has been drawn; left out, frames count as drawn at once. */
  acknowledged?(): boolean
}

/** @throws LayerscopeError `site-unknown`, `store-of-tokens`, and those of the projections; finished layers are kept */
export async function projectRun({ run, sites, plan, signal, onEvent, acknowledged }: ProjectionRequest): Promise<void> {
  const store = await run.activations()
  if (store.manifest.plan.positions.kind === 'all') {
    throw new LayerscopeError({ code: 'store-of-tokens', message: 'This run keeps every token: a projection needs one vector a row.', hint: 'Run with last, first, mean or a span.' })
  }
  const unknown = sites.find(site => !store.sites.includes(site))
  if (unknown !== undefined) throw new LayerscopeError({ code: 'site-unknown', message: `The run has no site ${quoted(unknown)}.`, field: 'sites' })
  const done = new Map<string, Float32Array>()
  for (const site of store.sites) {
    const stored = await run.projection(site, plan)
    if (stored === null) continue
    done.set(site, stored.xy)
    if (sites.includes(site)) onEvent({ kind: 'layer', result: stored })
  }
  const { rows } = store
  let saving: Promise<void> = Promise.resolve()
  const missing = sites.filter(site => !done.has(site))
  if (missing.length === 0) return
  try {
    await projectLayers({
      sites: missing, depthOrder: store.sites, readSite: site => store.readSite(site), plan, done, cacheKey: store.manifest.key,
      ...(signal === undefined ? {} : { signal }), ...(acknowledged === undefined ? {} : { acknowledged }),
      onEvent(event) {
        if (event.kind === 'stage') onEvent(event)
        if (event.kind === 'frame') onEvent({ ...event, rows })
        if (event.kind !== 'layer') return
        const result = { ...event.result, rows }
        // Stored first: whoever hears of a layer finds it again after a kill.
        saving = saving.then(async () => {
          await run.saveProjection(plan, result)
          onEvent({ kind: 'layer', result })
        })
        saving.catch(() => undefined)
      }
    })
  } finally {
    await saving
  }
}
