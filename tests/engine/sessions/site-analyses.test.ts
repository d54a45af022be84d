import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CodeLength, Erasure } from '../../../preload/contract'
import { discardAnalyses, keepAnalysis, keptAnalysis } from '../../../main/engine/sessions/index'

let folder = ''
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'site-analyses-')) })
afterEach(async () => { await rm(folder, { recursive: true }) })

const code = { bits: 12.5, compression: 1.6, strength: 0.1, blocks: [2, 10.5] }
const codeLength: CodeLength = { site: 'blocks.1/out', rows: 20, classes: 2, ends: [2, 20], uniform: 20, naming: 0, labels: code, shuffled: code, controlTask: null, seconds: 1 }
const score = { directions: 1, accuracy: 0.5, interval: { lo: 0.4, hi: 0.6 }, variance: 0.1 }
const erasure: Erasure = { site: 'blocks.1/out', rows: 20, majority: 0.5, before: { accuracy: 0.9, interval: { lo: 0.8, hi: 1 } }, leace: score, inlp: [score, score], reached: true, shuffled: { leace: score, inlp: score }, seconds: 2 }

describe('what was computed of a site', () => {
  it('is there again, each question by itself', async () => {
    expect(await keptAnalysis(folder, 'erasure', 'blocks.1/out')).toBeNull()
    await keepAnalysis(folder, 'code-length', codeLength)
    expect(await keptAnalysis(folder, 'erasure', 'blocks.1/out')).toBeNull()
    await keepAnalysis(folder, 'erasure', erasure)
    expect(await keptAnalysis(folder, 'code-length', 'blocks.1/out')).toEqual(codeLength)
    expect(await keptAnalysis(folder, 'erasure', 'blocks.1/out')).toEqual(erasure)
    // Names that only differ in what a file name cannot hold are two sites.
    expect(await keptAnalysis(folder, 'erasure', 'blocks.1_out')).toBeNull()
    await keepAnalysis(folder, 'erasure', { ...erasure, rows: 21 })
    expect((await keptAnalysis(folder, 'erasure', 'blocks.1/out'))?.rows).toBe(21)
    await discardAnalyses(folder)
    expect(await keptAnalysis(folder, 'code-length', 'blocks.1/out')).toBeNull()
  })

  it('says which file is damaged', async () => {
    await keepAnalysis(folder, 'erasure', erasure)
    const [name = ''] = await readdir(join(folder, 'analyses'))
    const file = join(folder, 'analyses', name)
    await writeFile(file, '{"format": "layerscope-analysis", "version": 1, "result": {"site": 3}}')
    await expect(keptAnalysis(folder, 'erasure', 'blocks.1/out')).rejects.toMatchObject({ report: { code: 'analysis-damaged', file } })
  })
})
