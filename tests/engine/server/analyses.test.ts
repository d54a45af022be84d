import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isBelow } from '../../../main/engine/workplace'
import type { ProbeMetrics, ProbeValues, RunSummary } from '../../../preload/contract'
import { Client } from './client'

const zoo = fileURLToPath(new URL('../../../../shared/models/zoo/', import.meta.url))
const modelPath = join(zoo, 'bert/onnx/model.onnx')
const present = existsSync(modelPath)
if (!present) console.log('skipped: analyses over the server need ../shared/models/zoo')

const SITE = 'blocks.2.block_out'
const ROLES = { text: { kind: 'column', column: 'text' }, label: 'label', group: 'city' } as const

let root = ''
let client: Client
let sessionId = ''
const runs: RunSummary[] = []

/** Statements about places; `first` shifts which places, `word` what is said of them. */
async function dataset(name: string, first: number, words: readonly [string, string], classes: readonly [string, string]): Promise<string> {
  const rows = Array.from({ length: 30 }, (_, i) => `place${first + i}`).flatMap(city => [0, 1, 2, 3].map(i => [`${city} is ${words[i % 2] ?? ''} ${i}`, city, classes[i % 2] ?? '']))
  const path = join(root, name)
  await writeFile(path, ['text,city,label', ...rows.map(row => row.join(','))].join('\n'))
  return path
}

beforeAll(async () => {
  if (!present) return
  root = await mkdtemp(join(tmpdir(), 'server-analyses-'))
  client = Client.connect({ temporaryRoot: join(root, 'temporary'), isGranted: path => isBelow(zoo, path) || isBelow(root, path) })
  ;({ sessionId } = await client.get('session.create', {}))
  const { modelId } = await client.get('model.open', { path: modelPath })
  for (const path of [
    await dataset('first.csv', 0, ['warm and wide', 'cold and small'], ['yes', 'no']),
    await dataset('second.csv', 20, ['warm and wide', 'cold and small'], ['yes', 'no']),
    await dataset('other.csv', 100, ['warm and wide', 'cold and small'], ['warm', 'cold'])
  ]) {
    const { datasetId } = await client.get('dataset.open', { path })
    runs.push(await client.get('run.start', { sessionId, modelId, datasetId, roles: ROLES, extraction: {}, probe: { methods: ['logistic', 'mass-mean'], strengths: 4 } }))
  }
})
afterAll(async () => {
  if (!present) return
  await client.server.close()
  await rm(root, { recursive: true })
})

const code = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(() => null, (reason: unknown) => reason)
  return (error as { report?: { code: string } } | null)?.report?.code ?? 'none'
}

/** Held-out values and scores of a classifier. */
async function valuesOf(key: { readonly sessionId: string; readonly runId: string; readonly site: string }): Promise<Extract<ProbeValues, { kind: 'classes' }>> {
  const values = await client.get('run.values', key)
  if (values.kind !== 'classes') throw new Error('not a classifier')
  return values
}

function metricsOf(run: RunSummary | undefined, wanted: string): ProbeMetrics | undefined {
  const result = run?.sweep?.sites.find(({ site, method }) => site === SITE && method === wanted)
  return result?.kind === 'classes' ? result.metrics : undefined
}

describe.skipIf(!present)('analyses over finished runs', () => {
  it('names the training rows behind a prediction, never one of its own group', async () => {
    const [first] = runs
    const key = { sessionId, runId: first?.runId ?? '', site: SITE }
    const result = await client.get('probe.influence', { ...key, row: 7, k: 5 })
    const values = await valuesOf(key)
    expect(result).toMatchObject({ site: SITE, row: 7, trainingRows: 96 })
    expect(result.supporting.length).toBe(5)
    // The row's place is rows 4 … 7.
    for (const { row, label } of [...result.supporting, ...result.opposing]) {
      expect(row < 4 || row > 7).toBe(true)
      expect(label).toBe(first?.sweep?.classes[values.actual[row] ?? -1])
    }
    expect(result.supporting.every(({ effect }) => effect > 0) && result.opposing.every(({ effect }) => effect < 0)).toBe(true)
    expect(await code(client.get('probe.influence', { ...key, row: 7000 }))).toBe('row-not-stored')
    expect(await code(client.get('probe.influence', { ...key, site: 'nowhere', row: 7 }))).toBe('method-not-logistic')
  })

  it('refits without rows and leaves the run as it was', async () => {
    const [first] = runs
    const key = { sessionId, runId: first?.runId ?? '', site: SITE }
    const values = await valuesOf(key)
    const { supporting } = await client.get('probe.influence', { ...key, row: 7, k: 8 })
    const asked = await client.get('probe.refit', { ...key, method: 'logistic', row: 7, without: supporting.map(({ row }) => row) })
    const metrics = metricsOf(first, 'logistic')
    expect(asked.before.accuracy).toBeCloseTo(metrics?.accuracy ?? NaN, 9)
    expect(asked.before.interval).toEqual(metrics?.interval)
    const speaksFor = (score: typeof asked.before.row): number => score?.predicted === asked.before.row?.predicted ? score?.probability ?? NaN : 1 - (score?.probability ?? NaN)
    // The rows that spoke for the prediction are gone.
    expect(speaksFor(asked.after.row)).toBeLessThan(speaksFor(asked.before.row))
    expect((await valuesOf(key)).predicted).toEqual(values.predicted)
    expect(await client.get('probe.refit', { ...key, row: null, without: [] })).toMatchObject({ changed: 0 })
  })

  it('carries probes from run to run and says why one is left out', async () => {
    const asked = client.ask('probe.transfer', { sessionId, runId: runs[0]?.runId ?? '', site: SITE, method: 'mass-mean' })
    const { runs: taking, cells, leftOut } = await asked.answer
    expect(taking.map(({ dataset }) => dataset)).toEqual(['first.csv', 'second.csv'])
    expect(leftOut).toMatchObject([{ dataset: 'other.csv', reason: 'other classes (cold, warm)' }])
    // Ten of thirty places are in both.
    expect(cells[1]).toMatchObject({ rows: 120, byFold: 40, dropped: 0, majority: 0.5 })
    expect(cells[0]?.accuracy).toBe(metricsOf(runs[0], 'mass-mean')?.accuracy)
    expect(asked.events.at(-1)).toEqual({ kind: 'progress', done: 4, total: 4 })
  })

  it('compares the sites of a run with each other and refuses runs over different data', async () => {
    const runId = runs[0]?.runId ?? ''
    const { rows, sites, values } = await client.get('probe.similarity', { sessionId, runId })
    expect([rows, values.length]).toEqual([120, sites.length ** 2])
    // The last token of every text is the same: its embedding is no representation of the rows.
    expect(sites[0]).toBe('hook_embed')
    expect([...values].filter((_, at) => at < sites.length || at % sites.length === 0).every(Number.isNaN)).toBe(true)
    sites.forEach((_, i) => {
      if (i > 0) expect(values[i * sites.length + i]).toBe(1)
      sites.forEach((__, j) => { if (i * j > 0) expect(values[i * sites.length + j]).toBeCloseTo(values[j * sites.length + i] as number, 12) })
    })
    expect(await code(client.get('probe.similarity', { sessionId, runId, other: runs[1]?.runId ?? '' }))).toBe('datasets-differ')
    const same = await client.get('probe.similarity', { sessionId, runId, other: runId })
    expect([...same.values].every((value, i) => Number.isNaN(value) ? Number.isNaN(values[i]) : Math.abs(value - (values[i] as number)) < 1e-9)).toBe(true)
  })

  it('asks the best linear probe where validation chose one that is not, and says so where there is none', async () => {
    const { modelId } = await client.get('model.open', { path: modelPath })
    const { datasetId } = await client.get('dataset.open', { path: await dataset('network.csv', 0, ['warm and wide', 'cold and small'], ['yes', 'no']) })
    const transferOf = async (methods: string[]): Promise<string> => {
      const { runId } = await client.get('run.start', { sessionId, modelId, datasetId, roles: ROLES, extraction: { sites: [SITE] }, probe: { methods, strengths: 1 } })
      const asked = client.get('probe.transfer', { sessionId, runId, site: SITE })
      return await code(asked) === 'none' ? (await asked).method : code(asked)
    }
    expect(await transferOf(['mlp', 'mass-mean'])).toBe('mass-mean')
    expect(await transferOf(['mlp'])).toBe('method-not-linear')
  })
})
