import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { curveParameters } from '../../../main/engine/projections/umap/curve-parameters'
import { exactNeighbors, type NeighborTable } from '../../../main/engine/projections/neighbors/exact-neighbors'
import { fuzzyGraph, smoothDistances } from '../../../main/engine/projections/umap/fuzzy-graph'
import { openMatrixProducts, type MatrixProducts } from '../../../main/engine/projections/matrix-products'
import { pca } from '../../../main/engine/projections/principal-components'
import { trustworthiness } from '../../../main/engine/projections/trustworthiness'
import { expectedNumbers, fixture, fixtureMatrix, hasFixtures } from './reference-fixtures'

let products: MatrixProducts
beforeAll(async () => { products = await openMatrixProducts() })
afterAll(async () => { await products.close() })

/**
 * The neighbour table umap-learn's graph was made from: the row itself and its fourteen nearest. For 556 of 600
 * rows umap-learn took the rounding noise of a row's distance to itself (2e-7) for its nearest neighbour, and their rho
 * with it; that distance is put back here, so that the same input must give the same scales and the same graph.
 */
function expectedNeighbors(): NeighborTable {
  const others = fixture('expected', 'place_neighbors').values
  const distances = fixture('expected', 'place_distances').values
  const rhos = fixture('expected', 'umap_rhos').values
  const table = { rows: 600, k: 15, indices: new Int32Array(9000), distances: new Float32Array(9000) }
  for (let row = 0; row < 600; row++) {
    const rho = rhos[row] ?? 0
    table.indices[row * 15] = row
    table.distances[row * 15] = rho < 1e-4 ? rho : 0
    for (let j = 1; j < 15; j++) {
      table.indices[row * 15 + j] = others[row * 15 + j - 1] ?? 0
      table.distances[row * 15 + j] = distances[row * 15 + j - 1] ?? 0
    }
  }
  return table
}

describe.skipIf(!hasFixtures)('against scikit-learn', () => {
  it('gives the components of PCA, signs included', async () => {
    const expected = expectedNumbers().pca
    const matrix = fixtureMatrix('truth_x')
    const result = await pca(matrix, 2, products)
    for (const axis of [0, 1]) {
      expect(Math.abs((result.explained[axis] ?? 0) - (expected.explained_variance_ratio[axis] ?? 0))).toBeLessThan(1e-5)
      expect((result.variance[axis] ?? 0) / (expected.explained_variance[axis] ?? 0)).toBeCloseTo(1, 4)
    }
    const coordinates = fixture('expected', 'pca_coords').values
    // Scores reach ±8; float32 decompositions agree to a few 1e-4.
    const worst = coordinates.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (result.scores[i] ?? 0))), 0)
    expect(worst).toBeLessThan(2e-3)
  })

  it('gives the same decomposition through the covariance as through the Gram matrix', async () => {
    const wide = fixtureMatrix('truth_x')
    // All rows twice: rows ≥ features takes the covariance; shares of variance and axes stay.
    const tall = { data: new Float32Array(wide.data.length * 2), rows: wide.rows * 2, columns: wide.columns }
    tall.data.set(wide.data)
    tall.data.set(wide.data, wide.data.length)
    const [gram, covariance] = [await pca(wide, 3, products), await pca(tall, 3, products)]
    for (let axis = 0; axis < 3; axis++) expect(Math.abs((gram.explained[axis] ?? 0) - (covariance.explained[axis] ?? 0))).toBeLessThan(1e-6)
    const worst = gram.axes.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (covariance.axes[i] ?? 0))), 0)
    expect(worst).toBeLessThan(1e-4)
  })

  it('finds the exact neighbours', async () => {
    // The fixture's fifteen leave the row itself out; ours has it in column 0.
    const neighbors = await exactNeighbors(fixtureMatrix('place_x'), 16, products)
    const indices = fixture('expected', 'place_neighbors').values
    const distances = fixture('expected', 'place_distances').values
    for (let row = 0; row < 600; row++) {
      expect(neighbors.indices[row * 16]).toBe(row)
      expect(neighbors.distances[row * 16]).toBe(0)
      for (let j = 0; j < 15; j++) {
        expect(neighbors.indices[row * 16 + j + 1]).toBe(indices[row * 15 + j])
        expect(Math.abs((neighbors.distances[row * 16 + j + 1] ?? 0) - (distances[row * 15 + j] ?? 0))).toBeLessThan(2e-6)
      }
    }
  })

  it('measures the trustworthiness of the PCA layout', async () => {
    const xy = Float32Array.from(fixture('expected', 'pca_coords').values)
    const value = await trustworthiness(fixtureMatrix('truth_x'), xy, products, { k: 15 })
    expect(Math.abs((value ?? 0) - expectedNumbers().pca.trustworthiness_k15)).toBeLessThan(1e-6)
  })
})

describe.skipIf(!hasFixtures)('against umap-learn', () => {
  it('fits the curve', () => {
    for (const [minDist, [a, b]] of Object.entries(expectedNumbers().umap_graph.a_b)) {
      const fitted = curveParameters(Number(minDist))
      expect(Math.abs(fitted.a - a)).toBeLessThan(1e-5)
      expect(Math.abs(fitted.b - b)).toBeLessThan(1e-5)
    }
  })

  it('finds the local scales', () => {
    const { sigmas, rhos } = smoothDistances(expectedNeighbors())
    fixture('expected', 'umap_sigmas').values.forEach((value, row) => { expect(Math.abs((sigmas[row] ?? 0) / value - 1)).toBeLessThan(2e-4) })
    fixture('expected', 'umap_rhos').values.forEach((value, row) => { expect(Math.abs((rhos[row] ?? 0) - value)).toBeLessThan(1e-6) })
  })

  it('builds the same fuzzy graph', () => {
    const graph = fuzzyGraph(expectedNeighbors())
    const rows = fixture('expected', 'umap_rows').values
    const columns = fixture('expected', 'umap_cols').values
    const weights = fixture('expected', 'umap_weights').values
    const ours = new Map<string, number>()
    for (let row = 0; row < graph.rows; row++) {
      for (let edge = graph.offsets[row] ?? 0; edge < (graph.offsets[row + 1] ?? 0); edge++) ours.set(`${row},${graph.columns[edge]}`, graph.weights[edge] ?? 0)
    }
    expect(ours.size).toBe(weights.length)
    weights.forEach((weight, edge) => { expect(Math.abs((ours.get(`${rows[edge]},${columns[edge]}`) ?? -1) - weight)).toBeLessThan(1e-4) })
  })
})
