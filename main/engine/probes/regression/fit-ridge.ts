import { doubleProducts } from '../methods/double-work'
import { rowsInCells } from '../class-sums'
import type { FoldPlan } from '../folds'
import type { LinearProbe } from '../probe-method'
import type { SiteData } from '../site-data'
import { cellProducts, predictions, ridgeStrengths, ridgeTraining } from './ridge'
import { meanR2 } from './scores'

/** What ridge regression gives at one site. */
export interface RidgeFit {
  /** [targets, rows] over the rows with targets; NaN on rows in no test fold. */
  readonly predicted: Float64Array
  /** The same for the probe trained on shuffled targets, to be compared with these. */
  readonly shuffled: Float64Array
  readonly strengths: readonly number[]
  /** For each outer fold, in order: mean R² over targets on its validation rows at every strength, and the strength taken. */
  readonly outer: readonly { readonly validation: readonly number[]; readonly strength: number; readonly validationScore: number }[]
  readonly probes: readonly LinearProbe[]
  /** Mean over outer folds of the validation score at their strengths. */
  readonly validationScore: number
  /** The strength that validation prefers over all outer folds together. */
  readonly strength: number
}

/**
 * Nested cross-validation of ridge regression at one site: strengths are chosen on validation rows inside each outer training set
 * (highest mean R², the stronger regularisation among equals), refitted on all of it, and scored on the test rows, which took no part.
 * `values` and `shuffled` are [targets, rows].
 */
export async function fitRidge(
  data: SiteData, plan: FoldPlan, values: Float64Array, shuffled: Float64Array, targets: number, strengthCount: number, checkpoint: () => void
): Promise<RidgeFit> {
  const products = await doubleProducts()
  const { cellOfRow } = plan
  const strengths = ridgeStrengths(strengthCount)
  const byCell = await cellProducts(data, cellOfRow, plan.trainings, products, checkpoint)

  // Every inner training set at every strength, predicted on the cells that some fold validates it on.
  const validated = new Map<string, { readonly rows: Int32Array; readonly predicted: Float64Array }>()
  for (const [training, cells] of innerCells(plan)) {
    checkpoint()
    const fit = await ridgeTraining(data, cellOfRow, plan.trainings[training] ?? [], byCell)
    const probes: LinearProbe[] = []
    for (const alpha of strengths) probes.push(await fit.solve(values, targets, alpha))
    for (const cell of cells) {
      const rows = rowsInCells(cellOfRow, [cell])
      validated.set(`${training} ${cell}`, { rows, predicted: await predictions(data, rows, probes, products) })
    }
  }
  const outer = plan.outer.map(({ inner }) => {
    const parts = inner.flatMap(({ training, validationCells }) => validationCells.map(cell => validated.get(`${training} ${cell}`))).filter(part => part !== undefined)
    const validation = strengths.map((_, strength) => pooledR2(parts, values, targets, strength))
    // Without inner folds nothing can be chosen: the middle strength stands.
    const best = parts.length > 0 ? lastOfLargest(validation) : Math.floor((strengths.length - 1) / 2)
    return { validation, best, strength: strengths[best] as number, validationScore: validation[best] as number }
  })

  const predicted = new Float64Array(values.length).fill(NaN)
  const control = new Float64Array(values.length).fill(NaN)
  const probes: LinearProbe[] = []
  for (const [fold, { training, testCells }] of plan.outer.entries()) {
    checkpoint()
    const fit = await ridgeTraining(data, cellOfRow, plan.trainings[training] ?? [], byCell)
    const alpha = outer[fold]?.strength ?? 1
    const [probe, shuffledProbe] = [await fit.solve(values, targets, alpha), await fit.solve(shuffled, targets, alpha)]
    probes.push(probe)
    const rows = rowsInCells(cellOfRow, testCells)
    const held = await predictions(data, rows, [probe, shuffledProbe], products)
    for (let target = 0; target < targets; target++) {
      rows.forEach((row, i) => {
        predicted[target * data.rows + row] = held[target * rows.length + i] as number
        control[target * data.rows + row] = held[(targets + target) * rows.length + i] as number
      })
    }
  }
  const means = strengths.map((_, strength) => mean(outer.map(({ validation }) => validation[strength] as number)))
  return {
    predicted, shuffled: control, strengths, outer, probes,
    validationScore: mean(outer.map(({ validationScore }) => validationScore)),
    strength: outer.length === 1 ? outer[0]?.strength ?? 1 : strengths[lastOfLargest(means)] as number
  }
}

/** The cells on which each inner training set is validated. */
function innerCells(plan: FoldPlan): ReadonlyMap<number, ReadonlySet<number>> {
  const cells = new Map<number, Set<number>>()
  for (const { inner } of plan.outer) {
    for (const { training, validationCells } of inner) cells.set(training, new Set([...cells.get(training) ?? [], ...validationCells]))
  }
  return cells
}

function pooledR2(parts: readonly { readonly rows: Int32Array; readonly predicted: Float64Array }[], values: Float64Array, targets: number, strength: number): number {
  const all = values.length / targets
  const count = parts.reduce((sum, { rows }) => sum + rows.length, 0)
  const [own, actual] = [new Float64Array(targets * count), new Float64Array(targets * count)]
  let start = 0
  for (const { rows, predicted } of parts) {
    for (let target = 0; target < targets; target++) {
      rows.forEach((row, i) => {
        own[target * count + start + i] = predicted[(strength * targets + target) * rows.length + i] as number
        actual[target * count + start + i] = values[target * all + row] as number
      })
    }
    start += rows.length
  }
  return count === 0 ? 0 : meanR2(own, actual, targets)
}

function lastOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, i) => value >= (values[best] as number) ? i : best, 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
