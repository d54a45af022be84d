import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isBelow } from '../../../main/engine/workplace'
import type { RunSummary } from '../../../preload/contract'
import { smallTreebank } from '../../small-treebank'
import { Client } from './client'

const model = fileURLToPath(new URL('../../../resources/models/minilm', import.meta.url))
const site = 'blocks.2.block_out'
const sentences = 90

let root = ''
let client: Client
let key: { readonly sessionId: string; readonly runId: string; readonly site: string }
let run: RunSummary

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'server-trees-'))
  client = Client.connect({ temporaryRoot: join(root, 'temporary'), isGranted: path => isBelow(model, path) || isBelow(root, path) })
  const { sessionId } = await client.get('session.create', {})
  const { modelId } = await client.get('model.open', { path: model })
  await writeFile(join(root, 'small.conllu'), smallTreebank(sentences))
  const { datasetId, suggested } = await client.get('dataset.open', { path: join(root, 'small.conllu') })
  const roles = { text: { kind: 'column', column: 'text' }, label: suggested.label ?? null, group: suggested.group ?? null } as const
  run = await client.get('run.start', { sessionId, modelId, datasetId, roles, extraction: { positions: { kind: 'word' }, sites: [site] }, probe: { task: 'tree' } })
  key = { sessionId, runId: run.runId, site }
}, 120_000)
afterAll(async () => {
  await client.server.close()
  await rm(root, { recursive: true })
})

describe('a run over parse trees', () => {
  it('gives its test sentences, whose arcs make up its UUAS', async () => {
    const { rows, words, arcs, right, texts } = await client.get('probe.sentences', key)
    expect(run.sweep).toMatchObject({ task: 'tree', chosen: { site, method: 'structural', measure: 'uuas' } })
    expect(rows).toHaveLength(18)
    expect([...rows]).toEqual([...rows].sort((a, b) => a - b))
    const sum = (values: Int32Array): number => values.reduce((total, value) => total + value, 0)
    expect(sum(right) / sum(arcs)).toBeCloseTo(run.sweep?.chosen?.testScore ?? NaN, 12)
    texts.forEach((text, i) => { expect(text.split(' ')).toHaveLength((words[i] ?? 0) - 1) })
  })

  it('gives a sentence word by word, its prediction a tree over all but punctuation', async () => {
    const { rows, words, arcs, right, texts } = await client.get('probe.sentences', key)
    const own = await client.get('probe.tree', { ...key, row: (rows[2] ?? 0) + 3 })
    expect(own).toMatchObject({ tested: true, arcs: arcs[2], right: right[2] })
    expect(own.words).toHaveLength(words[2] ?? 0)
    expect(own.words.map(({ form }) => form).join(' ').replace(' .', '.')).toBe(texts[2])
    expect(own.words.map(({ row }) => row)).toEqual(own.words.map((_, word) => (rows[2] ?? 0) + word))
    const last = own.words.at(-1)
    expect(last).toMatchObject({ form: '.', tag: 'PUNCT', relation: 'punct', punctuation: true, predictedHead: null })
    const predicted = own.words.filter(({ punctuation }) => !punctuation)
    expect(predicted.filter(({ predictedHead }) => predictedHead === -1)).toHaveLength(1)
    // Every word hangs from the root in the end, and the root is the least depth.
    for (const word of predicted) {
      let [at, steps] = [word, 0]
      while (at.predictedHead !== -1 && steps++ < 20) at = own.words[at.predictedHead ?? -1] ?? at
      expect(at.predictedHead).toBe(-1)
      expect(at.predictedDepth).toBe(Math.min(...predicted.map(({ predictedDepth }) => predictedDepth ?? Infinity)))
    }
    const counted = own.words.filter(({ head, punctuation }) => head >= 0 && !punctuation)
    const hit = counted.filter(({ row, head }) => own.words[row - (rows[2] ?? 0)]?.predictedHead === head || own.words[head]?.predictedHead === row - (rows[2] ?? 0))
    expect([counted.length, hit.length]).toEqual([own.arcs, own.right])
  })

  it('has no prediction for sentences it was trained on, and none at all for one left out', async () => {
    const { rows, words } = await client.get('probe.sentences', key)
    // The first sentence that is not a test sentence.
    let row = 0
    while (rows.includes(row)) row += words[rows.indexOf(row)] ?? 1
    const own = await client.get('probe.tree', { ...key, row })
    expect(own).toMatchObject({ tested: false, right: 0, words: own.words.map(() => ({ predictedHead: null, predictedDepth: null })) })
    expect(own.arcs).toBeGreaterThan(3)
    const report = async (params: object): Promise<string> => await client.get('probe.tree', { ...key, row: 0, ...params }).then(() => 'none', (error: unknown) => (error as { report: { code: string } }).report.code)
    expect(await report({ row: run.rowCount - 1 })).toBe('sentence-left-out')
    expect(await report({ row: 1_000_000 })).toBe('row-not-stored')
    expect(await report({ site: 'blocks.9.block_out' })).toBe('values-not-ready')
    expect(await report({ row: -1 })).toBe('params-invalid')
  })
})
