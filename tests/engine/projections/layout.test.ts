import { UMAP } from 'umap-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exactNeighbors, openMatrixProducts, pca, trustworthiness, type MatrixProducts } from '../../../main/engine/projections'
import { curveParameters } from '../../../main/engine/projections/umap/curve-parameters'
import { attraction, FORCE_FIRST, FORCE_FRACTION, FORCE_LAST, FORCE_MASK, FORCE_SHIFT, repulsion, type ForceTable } from '../../../main/engine/projections/umap/force-table'
import { fuzzyGraph } from '../../../main/engine/projections/umap/fuzzy-graph'
import { fromComponents, fromLayout } from '../../../main/engine/projections/umap/initial-layout'
import { defaultEpochs, optimizeLayout } from '../../../main/engine/projections/umap/layout-optimizer'
import { alignToReference, flipToReference } from '../../../main/engine/projections/procrustes'
import { jacobiEigen, denseOperator, largestEigenpairs } from '../../../main/engine/projections/symmetric-eigen'
import { umapJsLayout } from '../../../main/engine/projections/umap/umap-js-layout'
import { clusteredMatrix } from './sample-matrices'

let products: MatrixProducts
beforeAll(async () => { products = await openMatrixProducts() })
afterAll(async () => { await products.close() })

/** Reads a table at one squared distance, as the optimiser does inline. */
function forceAt(table: ForceTable, squared: number): number {
  const bits = new Int32Array(new Float32Array([squared]).buffer)[0]!
  const index = Math.min(FORCE_LAST, Math.max(0, (bits >>> FORCE_SHIFT) - FORCE_FIRST))
  return table.values[index]! + table.slopes[index]! * ((bits & FORCE_MASK) * FORCE_FRACTION)
}

describe('umap-js as reference', () => {
  it('has the same fuzzy graph for the same neighbours', async () => {
    const neighbors = await exactNeighbors(clusteredMatrix(300, 10, 4), 15, products)
    const graph = fuzzyGraph(neighbors)
    const umap = new UMAP({ nNeighbors: 15, nEpochs: 10, random: () => 0.5 })
    const nested = (values: ArrayLike<number>): number[][] => Array.from({ length: 300 }, (_, row) => Array.from({ length: 15 }, (_, j) => values[row * 15 + j] ?? 0))
    umap.setPrecomputedKNN(nested(neighbors.indices), nested(neighbors.distances))
    umap.initializeFit(Array.from({ length: 300 }, () => [0]))
    const theirs = (umap as unknown as { readonly graph: { getAll(): { readonly row: number; readonly col: number; readonly value: number }[] } }).graph.getAll().filter(entry => entry.value > 0)
    const ours = new Map<string, number>()
    for (let row = 0; row < 300; row++) for (let edge = graph.offsets[row] ?? 0; edge < (graph.offsets[row + 1] ?? 0); edge++) ours.set(`${row},${graph.columns[edge]}`, graph.weights[edge] ?? 0)
    expect(ours.size).toBe(theirs.length)
    for (const { row, col, value } of theirs) expect(Math.abs((ours.get(`${row},${col}`) ?? -1) - value)).toBeLessThan(1e-6)
  })

  it('ends in no more trustworthy a layout than ours from the same start', async () => {
    const matrix = clusteredMatrix(600, 16, 12)
    const neighbors = await exactNeighbors(matrix, 15, products)
    const initial = fromComponents((await pca(matrix, 2, products)).scores, 0)
    const flat = optimizeLayout(fuzzyGraph(neighbors), { epochs: 200, curve: curveParameters(0.1), seed: 0, initial })
    const reference = umapJsLayout(neighbors, { epochs: 200, minDist: 0.1, seed: 0, initial })
    for (const layout of [flat, reference]) while (layout.epoch < 200) layout.step()
    const ours = await trustworthiness(matrix, flat.xy, products) ?? 0
    const theirs = await trustworthiness(matrix, reference.xy, products) ?? 0
    const start = await trustworthiness(matrix, initial, products) ?? 0
    expect(ours).toBeGreaterThan(start + 0.02)
    expect(ours).toBeGreaterThan(theirs - 0.01)
  })
})

describe('optimizeLayout', () => {
  it('gives the same layout for the same seed and another for another', async () => {
    const neighbors = await exactNeighbors(clusteredMatrix(200, 8, 3), 10, products)
    const initial = fromComponents(Float32Array.from({ length: 400 }, (_, i) => Math.sin(i)), 0)
    const run = (seed: number): Float32Array => {
      const layout = optimizeLayout(fuzzyGraph(neighbors), { epochs: 30, curve: curveParameters(0.1), seed, initial })
      while (layout.epoch < 30) layout.step()
      return layout.xy
    }
    expect(run(3)).toEqual(run(3))
    expect(run(3)).not.toEqual(run(4))
  })

  it('takes umap-learn\'s number of epochs', () => {
    expect([defaultEpochs(10_000), defaultEpochs(10_001)]).toEqual([500, 200])
  })

  it('reads its forces from tables within 1e-4 of the formulas', () => {
    for (const minDist of [0, 0.1, 0.8]) {
      const { a, b } = curveParameters(minDist)
      const [attract, repel] = [attraction({ a, b }), repulsion({ a, b })]
      for (let exponent = -20; exponent < 12; exponent += 0.137) {
        const squared = Math.fround(2 ** exponent)
        const pull = -2 * a * b * squared ** (b - 1) / (1 + a * squared ** b)
        const push = 2 * b / ((0.001 + squared) * (1 + a * squared ** b))
        expect(Math.abs(forceAt(attract, squared) / pull - 1)).toBeLessThan(1e-4)
        expect(Math.abs(forceAt(repel, squared) / push - 1)).toBeLessThan(1e-4)
      }
    }
  })
})

describe('initial layouts', () => {
  it('fill UMAP\'s square, one axis at a time from components, as a whole from a layout', () => {
    const wide = Float32Array.from([0, 0, 100, 1, 50, 0.5])
    const near = (xy: Float32Array, expected: readonly number[]): void => expected.forEach((value, i) => { expect(Math.abs((xy[i] ?? NaN) - value)).toBeLessThan(1e-3) })
    near(fromComponents(wide, 0), [0, 0, 10, 10, 5, 5])
    near(fromLayout(wide, 0), [0, 0, 10, 0.1, 5, 0.05])
  })
})

describe('alignToReference', () => {
  const shape = Float32Array.from([0, 0, 3, 0, 0, 1, -2, 2, 1, 5])
  const placed = (angle: number, scale: number, mirror: 1 | -1): Float32Array => shape.map((_, i) => {
    const x = shape[i - i % 2] ?? 0
    const y = mirror * (shape[i - i % 2 + 1] ?? 0)
    return i % 2 === 0 ? 7 + scale * (Math.cos(angle) * x - Math.sin(angle) * y) : -4 + scale * (Math.sin(angle) * x + Math.cos(angle) * y)
  })

  it('undoes rotation, reflection, scale and translation exactly', () => {
    for (const mirror of [1, -1] as const) {
      for (const angle of [0, 1, 2.5, -3]) {
        alignToReference(placed(angle, 2.5, mirror), shape).forEach((value, i) => { expect(value).toBeCloseTo(shape[i] ?? NaN, 4) })
      }
    }
  })

  it('keeps the size of the reference where the clouds are unrelated, and survives single points', () => {
    const other = Float32Array.from([1, 0, 0, 1, -1, 0, 0, -1, 0.5, 0.5])
    const radius = (xy: Float32Array): number => {
      const [x, y] = [0, 1].map(axis => xy.reduce((sum, value, i) => sum + (i % 2 === axis ? value : 0), 0) / 5)
      return Math.sqrt(xy.reduce((sum, value, i) => sum + (value - ((i % 2 === 0 ? x : y) ?? 0)) ** 2, 0))
    }
    expect(radius(alignToReference(other, shape))).toBeCloseTo(radius(shape), 4)
    expect([...alignToReference(new Float32Array(10), shape)].every(Number.isFinite)).toBe(true)
    expect([...alignToReference(shape, new Float32Array(10))].every(Number.isFinite)).toBe(true)
  })
})

describe('flipToReference', () => {
  it('turns axes round without exchanging or rotating them', () => {
    const reference = Float32Array.from([1, 2, -1, 1, 0, -3])
    const flipped = reference.map((value, i) => i % 2 === 0 ? -value : value)
    expect(flipToReference(flipped, reference)).toEqual(reference)
    expect(flipToReference(reference, reference)).toEqual(reference)
  })
})

describe('largestEigenpairs', () => {
  it('finds known eigenvalues of a large matrix, equal ones included', () => {
    // Householder reflections of a diagonal: eigenvalues are known, eigenvectors dense.
    const order = 300
    const values = Float64Array.from({ length: order }, (_, i) => i < 2 ? 10 : 9 * 0.97 ** i)
    const direction = Float64Array.from({ length: order }, (_, i) => Math.sin(i + 1))
    const norm = direction.reduce((sum, value) => sum + value * value, 0)
    const reflect = (i: number, j: number): number => (i === j ? 1 : 0) - 2 * (direction[i] ?? 0) * (direction[j] ?? 0) / norm
    const matrix = new Float64Array(order * order)
    for (let i = 0; i < order; i++) for (let j = 0; j < order; j++) {
      let sum = 0
      for (let k = 0; k < order; k++) sum += reflect(i, k) * (values[k] ?? 0) * reflect(j, k)
      matrix[i * order + j] = sum
    }
    const pairs = largestEigenpairs(denseOperator(matrix, order), 4)
    for (let pair = 0; pair < 4; pair++) {
      expect(pairs.values[pair]).toBeCloseTo(values[pair] ?? NaN, 9)
      const vector = pairs.vectors.slice(pair * order, (pair + 1) * order)
      const image = new Float64Array(order)
      denseOperator(matrix, order).apply(vector, image)
      image.forEach((value, i) => { expect(Math.abs(value - (values[pair] ?? 0) * (vector[i] ?? 0))).toBeLessThan(1e-8) })
    }
  })

  it('decomposes a small matrix whole', () => {
    const { values } = jacobiEigen(Float64Array.from([2, 1, 0, 1, 2, 0, 0, 0, 5]), 3)
    expect([...values].map(value => Math.round(value * 1e12) / 1e12)).toEqual([5, 3, 1])
  })
})
