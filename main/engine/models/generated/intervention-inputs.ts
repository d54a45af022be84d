import type { Intervention, TokenBatch } from '../open-model'
import type { Architecture } from './architecture'
import type { Feed } from './padded-inputs'
import { resolveAlias, sitesOf } from './sites'
import { INPUTS } from './graph/graph-inputs'

/** Inputs of sites that take an addition and a patch: zero, and nowhere, where an intervention leaves one out. */
export function interventionInputs(architecture: Architecture, interventions: readonly Intervention[], { rows, length }: TokenBatch): ReadonlyMap<string, Feed> {
  const widths = new Map(sitesOf(architecture).map(({ name, width }) => [name, width ?? 0]))
  const feeds = new Map<string, Feed>()
  for (const { site, add, patch } of interventions) {
    const target = resolveAlias(architecture, site)
    const width = widths.get(site) ?? 0
    const nothing = new Float32Array(width)
    feeds.set(INPUTS.add(target), { type: 'float32', data: add ?? nothing, dims: (add ?? nothing).length === width ? [1, 1, width] : [rows, length, width] })
    feeds.set(INPUTS.patchMask(target), { type: 'float32', data: Float32Array.from(patch?.mask ?? [0]), dims: patch ? [rows, length, 1] : [1, 1, 1] })
    feeds.set(INPUTS.patchValue(target), { type: 'float32', data: patch?.value ?? nothing, dims: patch ? [rows, length, width] : [1, 1, width] })
  }
  return feeds
}
