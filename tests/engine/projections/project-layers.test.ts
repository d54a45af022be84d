import { describe, expect, it } from 'vitest'
import { openProjector, projectLayers, type LayerProjectionEvent, type Matrix, type ProjectLayersRequest } from '../../../main/engine/projections'
import { clusteredMatrix, displacement, repeatedRow, sortedNeighbors } from './sample-matrices'

const umap = { method: 'umap', neighbors: 15, minDist: 0.1, epochs: 100, seed: 0 } as const
const pcaPlan = { ...umap, method: 'pca' } as const

/** Runs the layers through a worker of their own and collects what was told. */
async function project(matrices: Record<string, Matrix>, rest: Partial<ProjectLayersRequest> = {}): Promise<LayerProjectionEvent[]> {
  const events: LayerProjectionEvent[] = []
  const sites = Object.keys(matrices)
  await projectLayers({
    sites, depthOrder: sites, plan: umap,
    readSite: async site => matrices[site] ?? repeatedRow(0, [0]),
    onEvent(event) { events.push(event) },
    ...rest
  })
  return events
}

function layers(events: readonly LayerProjectionEvent[]): ReadonlyMap<string, Extract<LayerProjectionEvent, { kind: 'layer' }>['result']> {
  return new Map(events.flatMap(event => event.kind === 'layer' ? [[event.result.site, event.result] as const] : []))
}

const isFinite = (xy: Float32Array | undefined): boolean => xy !== undefined && xy.length > 0 && xy.every(Number.isFinite)

/** A matrix slightly turned from another, as one layer from the next. */
function nextLayer(matrix: Matrix, seed: number): Matrix {
  const other = clusteredMatrix(matrix.rows, matrix.columns, 3, seed)
  return { ...matrix, data: matrix.data.map((value, i) => value + 0.2 * (other.data[i] ?? 0)) }
}

describe('projectLayers', () => {
  it('reports stages, frames and a layer for each site, in the order asked for', async () => {
    const first = clusteredMatrix(800, 24, 6)
    const matrices = { embed: nextLayer(first, 7), middle: first, last: nextLayer(first, 9) }
    const events = await project(matrices, { sites: ['middle', 'embed', 'last'] })
    expect([...layers(events).keys()]).toEqual(['middle', 'embed', 'last'])
    expect(events.filter(event => event.kind === 'stage' && event.site === 'middle').map(event => event.kind === 'stage' ? event.stage : '')).toEqual(['reading', 'initialising', 'neighbors', 'optimising'])
    for (const site of ['middle', 'embed', 'last']) {
      const frames = events.filter(event => event.kind === 'frame' && event.site === site)
      expect(frames.length).toBeGreaterThan(0)
      expect(frames[0]).toMatchObject({ epoch: 0, epochs: 100 })
      const result = layers(events).get(site)
      expect(result).toMatchObject({ method: 'umap', explained: null })
      expect(result?.trustworthiness).toBeGreaterThan(0.75)
      expect(result?.xy).toHaveLength(1600)
    }
  })

  it('is the same every time', async () => {
    const first = clusteredMatrix(300, 12, 5)
    const matrices = { a: first, b: nextLayer(first, 3) }
    const [one, two] = [layers(await project(matrices)), layers(await project(matrices))]
    expect(one.get('a')?.xy).toEqual(two.get('a')?.xy)
    expect(one.get('b')?.xy).toEqual(two.get('b')?.xy)
    const other = layers(await project(matrices, { plan: { ...umap, seed: 1 } }))
    expect(other.get('a')?.xy).not.toEqual(one.get('a')?.xy)
  })

  it('moves points from layer to layer instead of reshuffling them', async () => {
    const first = clusteredMatrix(600, 16, 10)
    const second = nextLayer(first, 5)
    const together = layers(await project({ a: first, b: second }))
    const apart = layers(await project({ b: second }))
    const a = together.get('a')?.xy ?? new Float32Array()
    const aligned = displacement(together.get('b')?.xy ?? new Float32Array(), a)
    expect(aligned).toBeLessThan(0.35)
    // From a start that knows nothing of the other layer (its rows in another order of clusters), points end elsewhere.
    const elsewhere = layers(await project({ b: second }, { depthOrder: ['b', 'other'], done: new Map([['other', Float32Array.from({ length: 1200 }, (_, i) => Math.sin(i * i))]]) }))
    expect(aligned).toBeLessThan(displacement(elsewhere.get('b')?.xy ?? new Float32Array(), a) / 2)
    // Same quality as a layout of its own.
    expect(together.get('b')?.trustworthiness ?? 0).toBeGreaterThan((apart.get('b')?.trustworthiness ?? 1) - 0.01)
  })

  it('continues from layouts of an earlier call, the nearest in depth', async () => {
    const first = clusteredMatrix(300, 12, 6)
    const far = Float32Array.from({ length: 600 }, (_, i) => Math.cos(i * i))
    const near = layers(await project({ a: first })).get('a')?.xy ?? new Float32Array()
    const events = await project({ b: nextLayer(first, 2) }, { depthOrder: ['x', 'a', 'b'], done: new Map([['x', far], ['a', near]]) })
    const start = events.find(event => event.kind === 'frame')
    // The first frame is the reference itself, up to its jitter.
    expect(displacement(start?.kind === 'frame' ? start.xy : far, near)).toBeLessThan(1e-3)
  })

  it('sends no frame while the last one is unacknowledged', async () => {
    let drawn = true
    let inFlight = 0
    let most = 0
    const events = await project({ a: clusteredMatrix(1000, 16, 4), b: clusteredMatrix(1000, 16, 4, 2) }, {
      plan: { ...umap, epochs: 300 },
      acknowledged: () => drawn,
      onEvent(event) {
        if (event.kind !== 'frame') return
        inFlight++
        most = Math.max(most, inFlight)
        drawn = false
        setTimeout(() => { drawn = true; inFlight-- }, 150)
      }
    })
    expect(events).toEqual([])
    expect(most).toBe(1)
  })

  it('stops at the next epoch when cancelled', async () => {
    const controller = new AbortController()
    let afterwards = 0
    const run = project({ a: clusteredMatrix(2000, 16, 4), b: clusteredMatrix(2000, 16, 4) }, {
      plan: { ...umap, epochs: 100_000 }, signal: controller.signal,
      onEvent(event) {
        if (controller.signal.aborted) afterwards++
        if (event.kind === 'frame' && event.epoch > 0) controller.abort()
      }
    })
    await expect(run).rejects.toMatchObject({ name: 'AbortError' })
    expect(afterwards).toBe(0)
  })

  it('can be optimised by umap-js instead', async () => {
    const matrix = clusteredMatrix(200, 8, 4)
    const [reference, flat] = [await project({ a: matrix }, { engine: 'umap-js' }), await project({ a: matrix })].map(layers)
    expect(isFinite(reference?.get('a')?.xy)).toBe(true)
    expect(reference?.get('a')?.xy).not.toEqual(flat?.get('a')?.xy)
    expect(Math.abs((reference?.get('a')?.trustworthiness ?? 0) - (flat?.get('a')?.trustworthiness ?? 1))).toBeLessThan(0.05)
  })

  it('draws PCA with the share of variance and flips axes only', async () => {
    const first = clusteredMatrix(200, 10, 4)
    const negated = { ...first, data: first.data.map(value => -value) }
    const results = layers(await project({ a: first, b: negated }, { plan: pcaPlan }))
    const [a, b] = [results.get('a'), results.get('b')]
    b?.xy.forEach((value, i) => { expect(value).toBeCloseTo(a?.xy[i] ?? NaN, 3) })
    const [one, two] = a?.explained ?? [0, 0]
    expect(one).toBeGreaterThan(two)
    expect(one + two).toBeLessThanOrEqual(1)
  })
})

describe('difficult rows', () => {
  it('draws equal rows as one dot that no other layer starts from', async () => {
    const first = clusteredMatrix(400, 8, 4)
    // One layer all equal up to rounding, as the embedding of a shared last token.
    const equal = repeatedRow(400, [0.3, -1.7, 8, 0.1, 0, 2, 3, 4])
    equal.data[9] = (equal.data[9] ?? 0) * (1 + 1.2e-7)
    for (const plan of [umap, pcaPlan]) {
      const results = layers(await project({ embed: equal, one: first }, { plan }))
      const embed = results.get('embed')
      expect(embed?.trustworthiness).toBeNull()
      expect(isFinite(embed?.xy)).toBe(true)
      expect(Math.max(...embed?.xy.map(Math.abs) ?? [])).toBeLessThan(0.3)
      const alone = layers(await project({ one: first }, { plan }))
      expect(results.get('one')?.xy).toEqual(alone.get('one')?.xy)
      // The dot of an earlier call is no reference either.
      const again = layers(await project({ one: first }, { plan, depthOrder: ['embed', 'one'], done: new Map([['embed', embed?.xy ?? new Float32Array()]]) }))
      expect(again.get('one')?.xy).toEqual(alone.get('one')?.xy)
    }
  })

  it('finishes on few distinct vectors among many rows', async () => {
    const matrix = repeatedRow(900, [1, 2, 3, 4])
    for (let row = 0; row < 900; row++) matrix.data[row * 4 + row % 3] = 50
    const result = layers(await project({ a: matrix })).get('a')
    expect(isFinite(result?.xy)).toBe(true)
    expect(result?.trustworthiness).toBe(1)
  })

  it.each([1, 2, 3, 4, 5, 10])('draws %i rows', async rows => {
    for (const plan of [umap, pcaPlan]) {
      const result = layers(await project({ a: clusteredMatrix(rows, 6, 2) }, { plan })).get('a')
      expect(result?.method).toBe(plan.method)
      expect(result?.xy).toHaveLength(2 * rows)
      expect(isFinite(result?.xy)).toBe(true)
    }
  })

  it('handles one feature, and fewer rows than neighbours with a note', async () => {
    expect(isFinite(layers(await project({ a: clusteredMatrix(50, 1, 2) })).get('a')?.xy)).toBe(true)
    const events = await project({ a: clusteredMatrix(9, 6, 2) })
    expect(events.some(event => event.kind === 'stage' && event.note === 'Only 9 rows: 9 neighbours instead of 15.')).toBe(true)
  })

  it('names the site, row and feature of a value that is not a number', async () => {
    const matrix = clusteredMatrix(30, 6, 2)
    matrix.data[4 * 6 + 3] = NaN
    await expect(project({ 'blocks.2.hook_resid_post': matrix })).rejects.toMatchObject({
      report: { code: 'activations-not-finite', row: 5, field: 'blocks.2.hook_resid_post', message: expect.stringContaining('blocks.2.hook_resid_post') as string }
    })
  })

  it('refuses a site outside the run', async () => {
    await expect(project({ a: clusteredMatrix(30, 6, 2) }, { depthOrder: ['b'] })).rejects.toMatchObject({ report: { code: 'site-unknown' } })
  })
})

describe('openProjector', () => {
  it('keeps neighbours between calls and lets them be asked for', async () => {
    const matrix = clusteredMatrix(400, 8, 4)
    const projector = openProjector()
    try {
      await projector.projectLayers({ sites: ['a'], depthOrder: ['a'], plan: { ...umap, epochs: 5 }, cacheKey: 'run', readSite: async () => matrix, onEvent() {} })
      let reads = 0
      const table = await projector.neighborsOf({ site: 'a', k: 15, cacheKey: 'run', readSite: async () => { reads++; return matrix } })
      expect(reads).toBe(0)
      const expected = sortedNeighbors(matrix, 15)
      table.distances.forEach((value, i) => { expect(Math.abs(value - (expected[i] ?? NaN))).toBeLessThan(1e-5) })
      await projector.neighborsOf({ site: 'a', k: 5, cacheKey: 'run', readSite: async () => { reads++; return matrix } })
      expect(reads).toBe(1)
    } finally {
      await projector.close()
    }
    await expect(projector.neighborsOf({ site: 'a', k: 5, cacheKey: 'run', readSite: async () => matrix })).rejects.toMatchObject({ report: { code: 'projection-stopped' } })
  })
})
