import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { EngineShared, ownBuffers, type ServerOptions } from '../../../main/engine/server'
import { isBelow } from '../../../main/engine/workplace'
import type { ProjectionEvent, RunSummary } from '../../../preload/contract'
import { Client } from './client'

const modelPath = fileURLToPath(new URL('../../../../shared/models/zoo/bert/onnx/model.onnx', import.meta.url))
const present = existsSync(modelPath)
if (!present) console.log('skipped: engine server tests need ../shared/models/zoo')

const ROLES = { text: { kind: 'column', column: 'text' }, label: 'label', group: 'city' } as const
const SITE = 'blocks.2.block_out'

let root = ''
const clients: Client[] = []
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'server-'))
  const cities = Array.from({ length: 40 }, (_, i) => `place${i}`)
  const rows = cities.flatMap(city => [0, 1, 2, 3].map(i => ({ text: `${city} is ${i % 2 === 0 ? 'warm and wide' : 'cold and small'} ${i}`, city, label: i % 2 === 0 ? 'warm' : 'cold' })))
  await writeFile(join(root, 'data.csv'), ['text,city,label', ...rows.map(({ text, city, label }) => `${text},${city},${label}`)].join('\n'))
})
afterEach(async () => { await Promise.all(clients.splice(0).map(client => client.server.close())) })
afterAll(async () => { await rm(root, { recursive: true }) })

function connect(options: Partial<ServerOptions> = {}): Client {
  const client = Client.connect({ temporaryRoot: join(root, 'temporary'), isGranted: path => path === modelPath || isBelow(root, path), ...options })
  clients.push(client)
  return client
}

const code = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(() => null, (reason: unknown) => reason)
  return (error as { report?: { code: string } } | null)?.report?.code ?? 'none'
}

describe('the engine server', () => {
  it('answers messages it cannot use with errors', async () => {
    const client = connect()
    expect(await client.raw({ kind: 'request', id: 901, name: 'no.such', params: {} })).toMatchObject({ kind: 'error', error: { code: 'request-unknown' } })
    expect(await client.raw({ kind: 'request', id: 902, name: '__proto__', params: {} })).toMatchObject({ kind: 'error', error: { code: 'request-unknown' } })
    expect(await client.raw({ kind: 'request', id: 903, name: 'dataset.rows', params: { datasetId: 'x', offset: -1, limit: 10 } })).toMatchObject({ kind: 'error', error: { code: 'params-invalid', field: 'offset' } })
    expect(await client.raw({ kind: 'dance', id: 904 })).toMatchObject({ kind: 'error', error: { code: 'message-malformed' } })
    expect(await code(client.get('model.tokenize', { modelId: 'gone', text: 'a' }))).toBe('model-not-open')
  })

  it('refuses every path it was not given', async () => {
    const client = connect({ isGranted: path => isBelow(join(root, 'granted'), path) })
    const outside = join(root, 'data.csv')
    const { sessionId } = await client.get('session.create', {})
    for (const [name, params] of [
      ['model.open', { path: modelPath }], ['dataset.open', { path: outside }], ['session.open', { path: join(root, 'S.layerscope') }],
      ['session.saveAs', { sessionId, path: join(root, 'S.layerscope') }], ['session.export', { sessionId, path: join(root, 's.zip') }],
      ['session.saveRecipe', { sessionId, path: join(root, 'granted', '..', 'r.json') }], ['dataset.open', { path: `${join(root, 'granted')}-not` }]
    ] as const) expect([name, await code(client.get(name, params as never))]).toEqual([name, 'path-not-granted'])
  })

  it('copies views out of larger buffers', () => {
    const large = new Float32Array(1000)
    const { values } = ownBuffers({ values: large.subarray(10, 12) })
    expect(values.buffer.byteLength).toBe(8)
    expect(ownBuffers({ large }).large).toBe(large)
  })
})

describe.skipIf(!present)('a window with the real engine', () => {
  async function openAll(client: Client): Promise<{ sessionId: string; modelId: string; datasetId: string; path: string }> {
    const { sessionId, path } = await client.get('session.create', {})
    const { modelId } = await client.get('model.open', { path: modelPath })
    const { datasetId } = await client.get('dataset.open', { path: join(root, 'data.csv') })
    return { sessionId, modelId, datasetId, path }
  }

  it('runs, shows, saves and reopens without computing anything again', async () => {
    const client = connect()
    const ids = await openAll(client)
    const { sessionId, modelId, datasetId } = ids
    const run = client.ask('run.start', { sessionId, modelId, datasetId, roles: ROLES, extraction: {}, probe: {} })
    const summary = await run.answer
    expect(summary).toMatchObject({ status: 'complete', rowCount: 160, extraction: { rows: 160, resumedRows: 0 }, sweep: { task: 'binary', classes: ['cold', 'warm'] } })
    const kinds = run.events.map(({ kind }) => kind)
    expect(kinds[0]).toBe('started')
    expect(kinds.filter(kind => kind === 'site')).toHaveLength(4)
    expect(kinds.indexOf('extracting')).toBeLessThan(kinds.indexOf('extracted'))
    expect(kinds.indexOf('extracted')).toBeLessThan(kinds.indexOf('site'))

    const values = await client.get('run.values', { sessionId, runId: summary.runId, site: SITE })
    if (values.kind !== 'classes') throw new Error('the run predicts classes')
    expect(values.rows).toEqual(Int32Array.from({ length: 160 }, (_, i) => i))
    const right = values.predicted.filter((predicted, i) => predicted === values.actual[i]).length / 160
    // The table's accuracy is the share of held-out rows that were predicted right.
    expect(right).toBeCloseTo(summary.sweep?.sites.find(({ site }) => site === SITE)?.measures[0]?.value ?? NaN, 6)
    expect(values.score.every((score, i) => (score > 0.5 ? 1 : 0) === values.predicted[i])).toBe(true)

    const detail = await client.get('run.row', { sessionId, runId: summary.runId, row: 5 })
    expect(detail).toMatchObject({ row: 5, text: 'place1 is cold and small 1' })
    expect(detail.cells.map(({ column }) => column)).toEqual(['text', 'city', 'label'])
    expect(detail.positions).toEqual([detail.tokens.length - 1])
    if (detail.scores?.kind !== 'classes') throw new Error('the row has scores of classes')
    expect(detail.scores.at.map(({ site }) => site)).toEqual(summary.extraction?.sites.map(({ name }) => name))
    expect(detail.scores.at.at(-1)?.score).toBe(values.score[5])
    expect(await code(client.get('run.row', { sessionId, runId: summary.runId, row: 400 }))).toBe('row-not-stored')

    const neighbors = await client.get('run.neighbors', { sessionId, runId: summary.runId, site: SITE, row: 5, k: 3 })
    expect(neighbors).toHaveLength(3)
    expect(neighbors.map(({ distance }) => distance)).toEqual(neighbors.map(({ distance }) => distance).toSorted((a, b) => a - b))
    expect(neighbors.some(({ row }) => row === 5)).toBe(false)

    const plan = { method: 'umap', epochs: 40 } as const
    const projection = client.ask('projection.start', { sessionId, runId: summary.runId, sites: [SITE, 'hook_embed'], plan }, (event, asked) => { if (event.kind === 'frame') asked.acknowledge() })
    await projection.answer
    const layers = projection.events.filter(event => event.kind === 'layer')
    expect(layers.map(({ result }) => [result.site, result.rows.length, result.xy.length])).toEqual([[SITE, 160, 320], ['hook_embed', 160, 320]])

    await client.get('session.update', { sessionId, view: { site: SITE } })
    const target = join(root, 'Saved.layerscope')
    expect(await client.get('session.saveAs', { sessionId, path: target })).toMatchObject({ path: target, temporary: false, name: 'Saved' })
    expect(existsSync(ids.path)).toBe(false)
    await client.get('session.saveRecipe', { sessionId, path: join(root, 'recipe.json') })
    expect(JSON.parse(await readFile(join(root, 'recipe.json'), 'utf8'))).toMatchObject({ dataset: { path: 'data.csv', roles: ROLES } })

    // Another window: the first one holds the session until it closes.
    const second = connect()
    expect(await code(second.get('session.open', { path: target }))).toBe('session-in-use')
    client.close()
    await client.server.close()
    const state = await second.get('session.open', { path: target })
    expect(state).toMatchObject({ name: 'Saved', temporary: false, problems: [], view: { site: SITE }, modelPath, datasetPath: join(root, 'data.csv') })
    expect(state.runs).toEqual([summary])
    const again = { sessionId: state.sessionId, runId: summary.runId }
    expect(await second.get('run.values', { ...again, site: SITE })).toEqual(values)
    expect(await second.get('run.row', { ...again, row: 5 })).toEqual({ ...detail, tokens: [] })
    const stored = second.ask('projection.start', { ...again, sites: [SITE, 'hook_embed'], plan })
    await stored.answer
    expect(stored.events).toEqual(layers.toSorted((a, b) => a.result.site === 'hook_embed' ? -1 : b.result.site === 'hook_embed' ? 1 : 0))
    // The same run is returned as it is; other folds use the same activations.
    const model = await second.get('model.open', { path: modelPath })
    const dataset = await second.get('dataset.open', { path: join(root, 'data.csv') })
    const same = second.ask('run.start', { sessionId: state.sessionId, modelId: model.modelId, datasetId: dataset.datasetId, roles: ROLES, extraction: {}, probe: {} })
    expect(await same.answer).toEqual(summary)
    expect(same.events).toEqual([])
    const other = await second.get('run.start', { sessionId: state.sessionId, modelId: model.modelId, datasetId: dataset.datasetId, roles: ROLES, extraction: {}, probe: { folds: 4 } })
    expect(other).toMatchObject({ runId: 'run-2', status: 'complete', extraction: { resumedRows: 160 }, sweep: { folds: 4 } })
  })

  it('cancels between batches, keeps what was done, and goes on', async () => {
    const client = connect()
    const { sessionId, modelId, datasetId } = await openAll(client)
    const params = { sessionId, modelId, datasetId, roles: { ...ROLES, label: null }, extraction: { batchTokens: 16 }, probe: {} }
    const first = client.ask('run.start', params, (event, asked) => { if (event.kind === 'extracting' && event.done > 0) asked.cancel() })
    // The window may also ask for a second run meanwhile.
    expect(await code(client.get('run.start', params))).toBe('busy')
    expect(await code(first.answer)).toBe('cancelled')
    const second = await client.get('run.start', params)
    expect(second).toMatchObject({ runId: 'run-1', status: 'complete', error: null, sweep: null })
    expect(second.extraction?.resumedRows).toBeGreaterThan(0)
    expect(second.extraction?.rows).toBe(160)
  })

  it('sends one frame at a time and drops those it is not asked for', async () => {
    const client = connect()
    const { sessionId, modelId, datasetId } = await openAll(client)
    const run = await client.get('run.start', { sessionId, modelId, datasetId, roles: { ...ROLES, label: null }, extraction: {}, probe: {} })
    const frames = (asked: { readonly events: readonly ProjectionEvent[] }): number => asked.events.filter(({ kind }) => kind === 'frame').length
    const silent = client.ask('projection.start', { sessionId, runId: run.runId, sites: [SITE], plan: { epochs: 200 } })
    await silent.answer
    expect(frames(silent)).toBe(1)
    const drawing = client.ask('projection.start', { sessionId, runId: run.runId, sites: [SITE], plan: { epochs: 2000, seed: 1 } }, (event, asked) => { if (event.kind === 'frame') asked.acknowledge() })
    await drawing.answer
    expect(frames(drawing)).toBeGreaterThan(2)
    const cancelled = client.ask('projection.start', { sessionId, runId: run.runId, sites: [SITE], plan: { epochs: 50_000, seed: 2 } }, (event, asked) => { if (event.kind === 'frame') asked.cancel() })
    expect(await code(cancelled.answer)).toBe('cancelled')
  })

  it('opens one model once for two windows and closes it with the last', async () => {
    const shared = new EngineShared()
    const [one, two] = [connect({ shared }), connect({ shared })]
    const [first, second] = await Promise.all([one.get('model.open', { path: modelPath }), two.get('model.open', { path: modelPath })])
    expect(second.modelId).not.toBe(first.modelId)
    // Opened once: the same opening took the same time.
    expect(second.openMs).toBe(first.openMs)
    await one.server.close()
    expect((await two.get('model.tokenize', { modelId: second.modelId, text: 'a place' })).length).toBeGreaterThan(2)
    const third = await two.get('model.open', { path: modelPath })
    expect(third.openMs).toBe(first.openMs)
    await two.get('model.close', { modelId: second.modelId })
    await two.get('model.close', { modelId: third.modelId })
    expect((await two.get('model.open', { path: modelPath })).openMs).not.toBe(first.openMs)
  })

  it('keeps an unsaved session of a window that went away, and deletes one that is closed', async () => {
    const shared = new EngineShared()
    const client = connect({ shared })
    const ids = await openAll(client)
    let started: RunSummary | null = null
    const run = client.ask('run.start', { sessionId: ids.sessionId, modelId: ids.modelId, datasetId: ids.datasetId, roles: ROLES, extraction: { batchTokens: 16 }, probe: {} }, event => {
      if (event.kind === 'started') started = event.run
      if (event.kind === 'extracting' && event.done > 0) client.close()
    })
    run.answer.catch(() => undefined)
    await expect.poll(() => shared.closing.size, { interval: 1 }).toBe(1)
    // The reloaded window asks while the old one is still letting go.
    const next = connect({ shared })
    const state = await next.get('session.open', { path: ids.path })
    expect(state).toMatchObject({ temporary: true, runs: [{ runId: (started as RunSummary | null)?.runId, status: 'cancelled' }] })
    await next.get('session.close', { sessionId: state.sessionId })
    expect(existsSync(ids.path)).toBe(false)
  })
})
