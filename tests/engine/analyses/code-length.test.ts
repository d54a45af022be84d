import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSafetensors } from '../../../main/engine/activations/index'
import { analyse, type CodeLengthJob } from '../../../main/engine/analyses/index'
import { logisticOptimum } from '../../../main/engine/analyses/logistic-optimum'
import { blockBits, blockShares, drawBlocks, uniformBits } from '../../../main/engine/analyses/online-code'
import { inUnits, unitsOf } from '../../../main/engine/analyses/training-rows'
import { openDoubleProducts } from '../../../main/engine/matrices'
import { seededRandom, shuffle } from '../../../main/engine/probes/random'

let root = ''
beforeAll(async () => { root = await mkdtemp(join(tmpdir(), 'code-length-')) })
afterAll(async () => { await rm(root, { recursive: true }) })

const columns = 8

interface Made { readonly job: CodeLengthJob; readonly values: Float32Array }

/** Rows on disk whose classes lie `apart` along one feature each; `size` rows a group. */
async function made(name: string, rows: number, classes: number, apart: number, size = 1): Promise<Made> {
  const random = seededRandom(rows + classes)
  const codes = Int32Array.from({ length: rows }, () => Math.floor(random() * classes))
  const values = Float32Array.from({ length: rows * columns }, (_, at) => 2 * (random() - 0.5) + (codes[Math.floor(at / columns)] === at % columns ? apart : 0))
  const path = join(root, `${name}.safetensors`)
  await writeSafetensors(path, [{ name: 'activations', dtype: 'F32', shape: [rows, columns], data: values }])
  return { values, job: { kind: 'code-length', site: 'blocks.0.hook_resid_post', path, codes, classes, control: null, groups: Int32Array.from(codes, (_, row) => Math.floor(row / size)), strengths: 4, seed: 0 } }
}

describe('the blocks of the online code', () => {
  it('end at the published shares where every row is a group of its own', () => {
    const { ends, order } = drawBlocks(Int32Array.from({ length: 4000 }, (_, row) => row), 0)
    expect(ends).toEqual(blockShares.map(share => Math.ceil(share * 4000)))
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 4000 }, (_, row) => row))
    expect([...order]).not.toEqual(Array.from({ length: 4000 }, (_, row) => row))
  })

  it('hold groups whole, the same for the same seed', () => {
    const random = seededRandom(3)
    const groups = Int32Array.from({ length: 900 }, () => Math.floor(random() ** 2 * 60))
    const { ends, order } = drawBlocks(groups, 5)
    const blockOf = new Map<number, number>()
    for (const [at, row] of order.entries()) {
      const block = ends.findIndex(end => at < end)
      expect(blockOf.get(groups[row]!) ?? block).toBe(block)
      blockOf.set(groups[row]!, block)
    }
    expect(ends.at(-1)).toBe(900)
    expect(ends.every((end, at) => end > (ends[at - 1] ?? 0))).toBe(true)
    expect(drawBlocks(groups, 5)).toEqual({ ends, order })
    expect([...drawBlocks(groups, 6).order]).not.toEqual([...order])
  })
})

describe('the bits of a block', () => {
  const logits = Float32Array.of(0.3, -1.2, 4, 1, 0, -2, 0.5, 0.5, 3)

  it('are −log₂ p of softmax and logistic function where every class was seen', () => {
    const softmax = (row: number, c: number): number => Math.exp(logits[c * 3 + row]!) / [0, 1, 2].reduce((sum, k) => sum + Math.exp(logits[k * 3 + row]!), 0)
    const codes = Int32Array.of(2, 0, 1)
    expect(blockBits(codes, Float64Array.of(4, 4, 2), logits)).toBeCloseTo(-[...codes].reduce((sum, c, row) => sum + Math.log2(softmax(row, c)), 0), 10)
    const p = (z: number): number => 1 / (1 + Math.exp(-z))
    expect(blockBits(Int32Array.of(1, 0, 1), Float64Array.of(3, 9), logits.slice(0, 3))).toBeCloseTo(-Math.log2(p(logits[0]!)) - Math.log2(p(-logits[1]!)) - Math.log2(p(logits[2]!)), 10)
  })

  it('stay finite where the probe is sure of another class', () => {
    expect(blockBits(Int32Array.of(0), Float64Array.of(3, 9), Float32Array.of(900))).toBeCloseTo(900 / Math.LN2, 6)
  })

  it('make a code: the probabilities of all classes sum to one, unseen ones too', () => {
    for (const [seen, own] of [[[5, 0, 3], logits], [[0, 7, 0], null], [[1, 2, 3], logits]] as const) {
      const total = [0, 1, 2].reduce((sum, c) => sum + 2 ** -blockBits(Int32Array.of(c), Float64Array.from(seen), own && Float32Array.of(own[0]!, own[3]!, own[6]!)), 0)
      expect(total).toBeCloseTo(1, 12)
    }
  })

  it('of a class without a row are Krichevsky and Trofimov\'s', () => {
    expect(blockBits(Int32Array.of(1), Float64Array.of(7, 0), null)).toBeCloseTo(-Math.log2(0.5 / 8), 12)
    expect(blockBits(Int32Array.of(0), Float64Array.of(7, 0), null)).toBeCloseTo(-Math.log2(7.5 / 8), 12)
  })
})

describe('code length', () => {
  it('is that of probes at their optimum in float64, block by block, within 0.2 %', async () => {
    const { job, values } = await made('exact', 240, 2, 1.2, 2)
    const { labels, ends, uniform, naming, rows } = await analyse(job)
    expect([uniform, rows, naming]).toEqual([240, 240, 2])
    const { order } = drawBlocks(job.groups, job.seed)
    const products = await openDoubleProducts()
    let length = uniformBits(ends[0]!, 2)
    for (const [i, from] of ends.slice(0, -1).entries()) {
      const [training, next] = [order.subarray(0, from), order.subarray(from, ends[i + 1])]
      const seen = [0, 1].map(c => training.filter(row => job.codes[row] === c).length)
      const matrix = { data: values, rows: 240, columns }
      const units = unitsOf(matrix, training)
      let logits: Float32Array | null = null
      if (seen.every(count => count > 0)) {
        const problem = { features: inUnits(matrix, training, units), rows: from, columns, labels: Uint8Array.from(training, row => job.codes[row]!), strength: labels.strength }
        const { point } = await logisticOptimum(products, problem, new Float64Array(columns + 1), () => undefined)
        const tested = inUnits(matrix, next, units)
        logits = Float32Array.from(next, (_, row) => tested.subarray(row * columns, (row + 1) * columns).reduce((sum, value, k) => sum + value * point[k]!, point[columns]!))
      }
      const bits = blockBits(Int32Array.from(next, row => job.codes[row]!), Float64Array.from(seen), logits)
      expect(Math.abs(labels.blocks[i + 1]! - bits)).toBeLessThan(2e-3 * bits + 1e-3)
      length += bits
    }
    await products.release()
    expect(labels.bits).toBeCloseTo(length + naming, 1)
    expect(labels.compression).toBeCloseTo(240 / labels.bits, 12)
  })

  it.each([[2, 4], [4, 5]])('tells %i classes that lie apart shortly and shuffled ones not', async (classes, apart) => {
    const { job } = await made(`apart ${classes}`, 400, classes, apart)
    const { labels, shuffled, controlTask } = await analyse(job)
    expect(labels.compression).toBeGreaterThan(4)
    // Naming the strength and learning that there is nothing to learn cost a little.
    expect(shuffled.compression).toBeGreaterThan(0.85)
    expect(shuffled.compression).toBeLessThan(1.05)
    expect(controlTask).toBeNull()
  })

  it('is no shorter than the labels\' own entropy where features say nothing', async () => {
    const { job } = await made('nothing', 500, 3, 0)
    const { labels } = await analyse(job)
    expect(labels.compression).toBeLessThan(1.02)
    expect(labels.compression).toBeGreaterThan(0.9)
  })

  it('stays the same where features are rotated', async () => {
    const { job, values } = await made('plain', 300, 3, 1.5)
    // A reflection I − 2uuᵀ is orthogonal.
    const random = seededRandom(9)
    const u = Float64Array.from({ length: columns }, () => random() - 0.5)
    const square = u.reduce((sum, value) => sum + value * value, 0)
    const turned = Float32Array.from(values)
    for (let at = 0; at < values.length; at += columns) {
      const along = 2 * u.reduce((sum, value, k) => sum + value * values[at + k]!, 0) / square
      u.forEach((value, k) => { turned[at + k] = values[at + k]! - along * value })
    }
    const path = join(root, 'turned.safetensors')
    await writeSafetensors(path, [{ name: 'activations', dtype: 'F32', shape: [300, columns], data: turned }])
    const [plain, rotated] = [await analyse(job), await analyse({ ...job, path })]
    // Standardising sees other units, the penalty with it: near, not equal.
    expect(Math.abs(rotated.labels.compression / plain.labels.compression - 1)).toBeLessThan(0.03)
  })

  it('sends a control task beside the labels', async () => {
    const { job } = await made('control', 300, 3, 4)
    const control = shuffle(Int32Array.from(job.codes), seededRandom(11))
    const { labels, controlTask } = await analyse({ ...job, control })
    expect(controlTask!.compression).toBeLessThan(1.05)
    expect(labels.compression).toBeGreaterThan(2)
  })

  it('leaves out rows without a label', async () => {
    const { job } = await made('some', 200, 2, 2)
    const codes = job.codes.map((code, row) => row % 2 === 0 ? code : -1)
    expect((await analyse({ ...job, codes })).rows).toBe(100)
  })

  it('refuses a single group in a sentence, and ends when it is cancelled', async () => {
    const { job } = await made('one', 60, 2, 1)
    await expect(analyse({ ...job, groups: new Int32Array(60) })).rejects.toMatchObject({ report: { code: 'too-few-groups' } })
    const abort = new AbortController()
    const asked = analyse(job, { signal: abort.signal })
    abort.abort()
    await expect(asked).rejects.toThrow()
  })
})
