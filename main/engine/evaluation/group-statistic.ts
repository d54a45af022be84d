import type { MeasureName } from '../../../preload/contract'
import { areaUnderCurve, greatCircleKm, proximityErrors, rankOrder, ranking, spearman } from '../probes/index'
import type { NumberedGroups } from './cluster-draws'
import type { ScoredCell, ScoredClasses, ScoredNumbers } from './scored-cell'

/** A measure of one cell when each group is drawn so often; null where it has no meaning for such a draw. */
export interface GroupStatistic {
  of(drawn: Float64Array): number | null
  /** Number of values read for one draw: what a resample costs. */
  readonly visits: number
}

/** @throws RangeError for a measure that kept scores do not give; see `comparableMeasures` */
export function groupStatistic(measure: MeasureName, cell: ScoredCell, groups: NumberedGroups): GroupStatistic {
  if (cell.kind === 'classes') {
    if (measure === 'accuracy') return shareOf(groups, row => cell.actual[row] === cell.predicted[row] ? 1 : 0)
    if (measure === 'balancedAccuracy') return meanRecall(cell, groups)
    if (measure === 'auroc' && cell.classes === 2) return area(cell, groups)
  } else {
    if (measure === 'r2') return meanDetermination(cell, groups)
    if (measure === 'spearman') return meanRankCorrelation(cell, groups)
    if (measure === 'proximityError') {
      const errors = proximityErrors(cell.predicted, cell.actual, cell.rows, cell.coordinates)
      return shareOf(groups, row => errors[row] as number)
    }
    if (measure === 'greatCircleKm' && cell.coordinates !== null) {
      const distances = greatCircleKm(cell.predicted, cell.actual, cell.rows, cell.coordinates)
      return shareOf(groups, row => distances[row] as number)
    }
  }
  throw new RangeError(`${measure} does not follow from kept scores`)
}

/** Mean of a number a row has; rows where it is NaN are left out. */
function shareOf({ ofRow, count }: NumberedGroups, value: (row: number) => number): GroupStatistic {
  const [sum, rows] = [new Float64Array(count), new Float64Array(count)]
  ofRow.forEach((group, row) => {
    const own = value(row)
    if (Number.isNaN(own)) return
    sum[group] = (sum[group] as number) + own
    rows[group] = (rows[group] as number) + 1
  })
  return {
    visits: count,
    of(drawn) {
      const all = dot(drawn, rows)
      return all > 0 ? dot(drawn, sum) / all : null
    }
  }
}

/** Mean over the classes that are drawn of the share of their rows that are right. */
function meanRecall({ actual, predicted, classes }: ScoredClasses, groups: NumberedGroups): GroupStatistic {
  const recalls = Array.from({ length: classes }, (_, c) => shareOf(groups, row => actual[row] !== c ? NaN : predicted[row] === c ? 1 : 0))
  return {
    visits: classes * groups.count,
    of(drawn) {
      const own = recalls.map(recall => recall.of(drawn)).filter(recall => recall !== null)
      return own.length > 0 ? mean(own) : null
    }
  }
}

function area({ actual, score }: ScoredClasses, groups: NumberedGroups): GroupStatistic {
  const ranked = ranking({ probabilities: Float64Array.from(score), actual: actual.map(c => c === 1 ? 0 : 1), classes: 1 }, 0)
  const weights = new Float64Array(actual.length)
  return { visits: actual.length, of: drawn => areaUnderCurve(ranked, rowWeights(drawn, groups, weights)) }
}

/** Mean R² over the targets; sums lie around the target's mean, which keeps them small. */
function meanDetermination({ targets, rows, predicted, actual }: ScoredNumbers, { ofRow, count }: NumberedGroups): GroupStatistic {
  const sizes = new Float64Array(count)
  const sums = Array.from({ length: targets }, () => ({ first: new Float64Array(count), second: new Float64Array(count), residual: new Float64Array(count) }))
  const add = (values: Float64Array, at: number, value: number): void => { values[at] = (values[at] as number) + value }
  ofRow.forEach(group => { add(sizes, group, 1) })
  sums.forEach(({ first, second, residual }, target) => {
    const truth = actual.subarray(target * rows, (target + 1) * rows)
    const centre = truth.reduce((sum, value) => sum + value, 0) / rows
    ofRow.forEach((group, row) => {
      const y = (truth[row] as number) - centre
      add(first, group, y)
      add(second, group, y * y)
      add(residual, group, ((truth[row] as number) - (predicted[target * rows + row] as number)) ** 2)
    })
  })
  return {
    visits: 3 * targets * count,
    of(drawn) {
      const n = dot(drawn, sizes)
      const own = sums.map(({ first, second, residual }) => {
        const total = dot(drawn, second) - dot(drawn, first) ** 2 / n
        return total > 0 ? 1 - dot(drawn, residual) / total : NaN
      })
      const value = mean(own)
      return Number.isNaN(value) ? null : value
    }
  }
}

function meanRankCorrelation({ targets, rows, predicted, actual }: ScoredNumbers, groups: NumberedGroups): GroupStatistic {
  const part = (values: Float64Array, target: number): Float64Array => values.subarray(target * rows, (target + 1) * rows)
  const orders = Array.from({ length: targets }, (_, target) => [rankOrder(part(predicted, target)), rankOrder(part(actual, target))] as const)
  const weights = new Float64Array(rows)
  const work = [new Float64Array(rows), new Float64Array(rows)] as const
  return {
    visits: 4 * targets * rows,
    of(drawn) {
      rowWeights(drawn, groups, weights)
      const own = orders.map(([a, b]) => spearman(a, b, weights, work))
      return own.includes(null) ? null : mean(own as number[])
    }
  }
}

function rowWeights(drawn: Float64Array, { ofRow }: NumberedGroups, into: Float64Array): Float64Array {
  for (let row = 0; row < into.length; row++) into[row] = drawn[ofRow[row] as number] as number
  return into
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
