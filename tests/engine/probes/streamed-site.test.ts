import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors, writeSafetensors, type StoredMatrix } from '../../../main/engine/activations'
import { float16ToFloat32, float32ToFloat16 } from '../../../main/engine/activations/float16'
import { LayerscopeError } from '../../../main/engine/errors'
import { sweep, type HeldOutClasses, type SweepInput } from '../../../main/engine/probes'
import { openStreamedSite } from '../../../main/engine/probes/streamed-site'
import { prepareSite } from '../../../main/engine/probes/site-data'
import { seededRandom } from '../../../main/engine/probes/random'
import type { ClassifiedSite } from '../../../preload/contract'

// Long enough that a block holds fewer rows than there are: 2²¹ values, so 6,990 rows of 300.
const rows = 9000
const columns = 300
let folder = ''
let half: StoredMatrix
let single: StoredMatrix
/** What float16 keeps of the features, [rows, columns]. */
let values: Float32Array
const codes = Int32Array.from({ length: rows }, (_, row) => row % 2)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerscope-streamed-'))
  const random = seededRandom(3)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const made = new Float32Array(rows * columns)
  for (let row = 0, at = 0; row < rows; row++) {
    // An offset many deviations from zero, a dead feature, and the class along a few features, as in real activations.
    for (let column = 0; column < columns; column++, at++) made[at] = column === 7 ? 3 : normal() + (column === 5 ? 200 : 0) + (column < 40 && codes[row] === 1 ? 0.2 : 0)
  }
  const halves = float32ToFloat16(made)
  values = new Float32Array(made.length)
  float16ToFloat32(halves, values)
  half = await stored('half.safetensors', 'F16', halves)
  single = await stored('single.safetensors', 'F32', values)
})
afterAll(() => rm(folder, { recursive: true }))

async function stored(name: string, dtype: 'F16' | 'F32', data: Uint16Array | Float32Array): Promise<StoredMatrix> {
  const path = join(folder, name)
  await writeSafetensors(path, [{ name: 'activations', dtype, shape: [rows, columns], data }])
  const file = await openSafetensors(path)
  const begin = file.tensors.get('activations')?.begin ?? 0
  await file.close()
  return { path, begin, dtype, rows, columns }
}

describe('a site read in blocks', () => {
  it('has the statistics and the standardised features of the same site in memory, for the labelled rows alone', async () => {
    const labelled = Int32Array.from(codes.keys()).filter(row => row % 7 !== 3)
    const cellOfRow = Int32Array.from(labelled, row => row % 5)
    const whole = prepareSite('site', { data: Float32Array.from(values), rows, columns }, rows, labelled, cellOfRow, 5)
    for (const source of [half, single]) {
      const streamed = await openStreamedSite('site', source, rows, labelled, cellOfRow, 5)
      expect(streamed.blocks.starts.length).toBeGreaterThan(2)
      expect(streamed.cellRows).toEqual(whole.cellRows)
      for (const name of ['offset', 'scale', 'cellSums', 'cellSquares'] as const) {
        const worst = whole[name].reduce((most, value, i) => Math.max(most, Math.abs(value - (streamed[name][i] ?? NaN)) / (1 + Math.abs(value))), 0)
        expect(worst, name).toBeLessThan(1e-4)
      }
      for (let block = 0; block < streamed.blocks.starts.length - 1; block++) {
        const tensor = await streamed.blocks.read(block)
        const features = tensor.data as Float32Array
        const from = (streamed.blocks.starts[block] ?? 0) * columns
        let worst = 0
        for (let i = 0; i < features.length; i++) worst = Math.max(worst, Math.abs((features[i] ?? NaN) - (whole.features[from + i] ?? NaN)))
        expect(worst).toBeLessThan(1e-4)
      }
      await streamed.close()
    }
  })

  it('gives the sweep the numbers it has in memory', async () => {
    const input: Omit<SweepInput, 'readSite'> = { texts: Array.from(codes, (_, row) => `row ${row}`), labels: Array.from(codes, String), groups: null, test: null, sites: ['blocks.0.hook_resid_post'] }
    const run = async (readSite: SweepInput['readSite']): Promise<{ readonly result: ClassifiedSite; readonly held: HeldOutClasses }> => {
      const seen: { readonly result: ClassifiedSite; readonly held: HeldOutClasses }[] = []
      await sweep({ ...input, readSite }, { task: 'classes', split: 'folds', methods: ['logistic'], folds: 3, strengths: 2, seed: 0 }, { onSite: (result, held) => { seen.push({ result, held }) } })
      return seen[0] as (typeof seen)[number]
    }
    const inMemory = await run(() => Promise.resolve({ data: Float32Array.from(values), rows, columns }))
    const inBlocks = await run(() => Promise.resolve(half))
    expect(inMemory.result.metrics.accuracy).toBeGreaterThan(0.7)
    expect(inBlocks.result.strength).toBe(inMemory.result.strength)
    expect(Math.abs(inBlocks.result.metrics.accuracy - inMemory.result.metrics.accuracy)).toBeLessThan(0.002)
    const worst = inMemory.held.score.reduce((most, score, row) => Math.max(most, Math.abs(score - (inBlocks.held.score[row] ?? NaN))), 0)
    expect(worst).toBeLessThan(1e-3)
  })

  it('names the row and the feature of a value that is not a number', async () => {
    const broken = Float32Array.from(values)
    broken[8500 * columns + 11] = NaN
    const source = await stored('broken.safetensors', 'F32', broken)
    await expect(openStreamedSite('site', source, rows, Int32Array.from(codes.keys()), codes, 2))
      .rejects.toMatchObject({ report: { code: 'activations-not-finite', row: 8501, message: expect.stringContaining('feature 12') } })
  })

  it('refuses a method that needs all of it, and a file that was cut', async () => {
    const all = Int32Array.from(codes.keys())
    const site = await openStreamedSite('site', half, rows, all, codes, 2)
    expect(() => site.features).toThrow(LayerscopeError)
    await site.close()
    const source = await stored('cut.safetensors', 'F32', values)
    await truncate(source.path, source.begin + 7500 * columns * 4)
    await expect(openStreamedSite('site', source, rows, all, codes, 2)).rejects.toMatchObject({ report: { code: 'safetensors-unreadable', file: source.path } })
  })
})
