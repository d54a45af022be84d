import { LayerscopeError } from '../errors'
import { seededRandom, shuffle } from './random'
import { written } from '../quantity'

/** One outer test set with the inner fits that choose the strength for it. */
export interface OuterFold {
  /** Index into `trainings`. */
  readonly training: number
  readonly testCells: readonly number[]
  /** Each trains on part of the outer training rows and is scored on another part of them. */
  readonly inner: readonly { readonly training: number; readonly validationCells: readonly number[] }[]
}

/**
 * Which rows train, validate and test. Rows lie in cells; every set of rows is a union of cells,
 * so statistics are summed once a cell.
 */
export interface FoldPlan {
  /** Cell of each labelled row, in the order of the labelled rows. */
  readonly cellOfRow: Int32Array
  readonly cells: number
  /** Cells of each training set. */
  readonly trainings: readonly (readonly number[])[]
  readonly outer: readonly OuterFold[]
  readonly kind: 'cross-validation' | 'test-split'
  /** Number of folds in use, which may be fewer than asked for. */
  readonly folds: number
}

export interface FoldRequest {
  /** Class of each labelled row. */
  readonly codes: Int32Array
  readonly classes: number
  /** Group index of each labelled row; a row of its own group where it has none. */
  readonly groups: Int32Array
  /** 1 marks test rows; null for cross-validation. */
  readonly test: Uint8Array | null
  readonly folds: number
  /** Whole groups dealt into `folds`, or each group held out by itself; says nothing where `test` is given. */
  readonly split: 'folds' | 'leave-one-group-out'
  readonly seed: number
}

/** Every group is held out by itself up to this many; more are dealt into this many folds of whole groups. */
export const mostLeftOut = 50

/**
 * Partners in validation: fold k's strength is chosen with folds k ± 1 and k ± 2 held out in turn.
 * A fit that leaves out folds j and k serves both, so five folds need ten inner fits and not twenty,
 * and the cost grows with the folds and not with their square.
 */
const partnerDistance = 2
/** Inner folds where the outer training rows have to be split anew. */
const innerFolds = 5

/**
 * The folds of a sweep: grouped, stratified by class as far as whole groups allow, the same for the same seed.
 * @throws LayerscopeError `too-few-rows`, `too-few-groups`, `test-split-empty`
 */
export function planFolds(request: FoldRequest): FoldPlan {
  return request.test ? planTestSplit(request, request.test) : planCrossValidation(request)
}

/**
 * The folds of a larger set of rows for some of them: every row stays in its fold, whatever rows are left out beside it.
 * `places` are theirs among the larger set's labelled rows.
 * @throws LayerscopeError `too-few-rows` where nothing is left in a fold
 */
export function foldsAmong(plan: FoldPlan, places: Int32Array): FoldPlan {
  const cellOfRow = Int32Array.from(places, place => plan.cellOfRow[place] as number)
  const present = new Set(cellOfRow)
  const lacking = range(plan.cells).filter(cell => !present.has(cell)).length
  if (lacking > 0) {
    throw new LayerscopeError({
      code: 'too-few-rows', message: `The ${written(places.length)} labelled rows that are there leave ${lacking} of ${plan.cells} parts of the folds empty.`,
      hint: 'Use fewer folds or more rows.'
    })
  }
  return { ...plan, cellOfRow }
}

/** Where each of `rows` stands in `all`, both ascending. */
export function placesAmong(all: Int32Array, rows: Int32Array): Int32Array {
  const places = new Map(Array.from(all, (row, place) => [row, place] as const))
  return Int32Array.from(rows, row => places.get(row) ?? -1)
}

function planCrossValidation(request: FoldRequest): FoldPlan {
  const rows = request.codes.length
  const groups = distinct(request.groups)
  if (groups < 2) {
    throw new LayerscopeError({
      code: 'too-few-groups', field: 'group',
      message: `All ${written(rows)} labelled rows belong to one group, so no group can be held out.`,
      hint: 'Choose another group column, or none.'
    })
  }
  const asked = request.split === 'leave-one-group-out' ? Math.min(groups, mostLeftOut) : request.folds
  if (rows < asked) {
    throw new LayerscopeError({
      code: 'too-few-rows', message: `${rows} labelled rows cannot be split into ${asked} folds.`,
      hint: 'Use fewer folds or more rows.'
    })
  }
  const folds = Math.min(asked, groups)
  const foldOfRow = assignFolds(request, Int32Array.from({ length: rows }, (_, row) => row), folds)
  if (folds === 2) return nestInTwo(request, foldOfRow)

  const trainings: number[][] = []
  const without = (...excluded: number[]): number => trainings.push(range(folds).filter(fold => !excluded.includes(fold))) - 1
  const outerTrainings = range(folds).map(fold => without(fold))
  const pairs = new Map<string, number>()
  const outer = range(folds).map(fold => {
    const partners = range(folds).filter(other => other !== fold && circularDistance(fold, other, folds) <= partnerDistance)
    const inner = partners.map(partner => {
      const key = `${Math.min(fold, partner)} ${Math.max(fold, partner)}`
      const training = pairs.get(key) ?? without(fold, partner)
      pairs.set(key, training)
      return { training, validationCells: [partner] }
    })
    return { training: outerTrainings[fold] ?? 0, testCells: [fold], inner }
  })
  return { cellOfRow: foldOfRow, cells: folds, trainings, outer, kind: 'cross-validation', folds }
}

/** With two folds, leaving out both leaves nothing: each half is split again for its own validation. */
function nestInTwo(request: FoldRequest, foldOfRow: Int32Array): FoldPlan {
  const cellOfRow = new Int32Array(foldOfRow.length)
  const halves = [0, 1].map(half => Int32Array.from(foldOfRow.keys()).filter(row => foldOfRow[row] === half))
  let cells = 0
  const cellsOfHalf = halves.map(rows => {
    const inner = Math.min(innerFolds, distinct(Int32Array.from(rows, row => request.groups[row] ?? 0)))
    const assigned = assignFolds(request, rows, inner)
    rows.forEach((row, i) => { cellOfRow[row] = cells + (assigned[i] ?? 0) })
    cells += inner
    return range(inner).map(cell => cells - inner + cell)
  })
  const trainings: (readonly number[])[] = []
  const outer = [0, 1].map(half => {
    const own = cellsOfHalf[1 - half] ?? []
    return { training: trainings.push(own) - 1, testCells: cellsOfHalf[half] ?? [], inner: innerOf(own, trainings) }
  })
  return { cellOfRow, cells, trainings, outer, kind: 'cross-validation', folds: 2 }
}

function planTestSplit(request: FoldRequest, test: Uint8Array): FoldPlan {
  const all = Int32Array.from({ length: request.codes.length }, (_, row) => row)
  const training = all.filter(row => test[row] !== 1)
  if (training.length === 0 || training.length === all.length) {
    throw new LayerscopeError({
      code: 'test-split-empty', field: 'test',
      message: training.length === 0 ? 'The test column marks every labelled row, so nothing is left to train on.' : 'The test column marks no labelled row as test.',
      hint: 'Test rows are marked true, 1 or “test”; choose another test column, or none to test on every fold in turn.'
    })
  }
  const trainingGroups = distinct(Int32Array.from(training, row => request.groups[row] ?? 0))
  if (training.length < 2 || trainingGroups < 2) {
    throw new LayerscopeError({
      code: 'too-few-groups', field: 'group',
      message: 'The training rows belong to one group, so none can be held out to choose the strength.',
      hint: 'Choose another group column, or none.'
    })
  }
  const folds = Math.min(request.folds, trainingGroups)
  const assigned = assignFolds(request, training, folds)
  const cellOfRow = new Int32Array(all.length).fill(folds)
  training.forEach((row, i) => { cellOfRow[row] = assigned[i] ?? 0 })
  const trainings: (readonly number[])[] = [range(folds)]
  const outer = [{ training: 0, testCells: [folds], inner: innerOf(range(folds), trainings) }]
  return { cellOfRow, cells: folds + 1, trainings, outer, kind: 'test-split', folds }
}

/** Leaves out each of `cells` in turn; a single cell cannot be validated and gives no inner fits. */
function innerOf(cells: readonly number[], trainings: (readonly number[])[]): OuterFold['inner'] {
  if (cells.length < 2) return []
  return cells.map(held => ({ training: trainings.push(cells.filter(cell => cell !== held)) - 1, validationCells: [held] }))
}

/**
 * Assigns whole groups to folds, the largest first, each to the fold where it least increases
 * Σ_class Σ_fold (share of the class in the fold)² + Σ_fold (share of the rows)²: even sizes (as scikit-learn's
 * GroupKFold) and even class shares (as its StratifiedGroupKFold) at once. Ties are broken by the seed.
 */
function assignFolds(request: FoldRequest, rows: Int32Array, folds: number): Int32Array {
  const { codes, groups, classes } = request
  const members = new Map<number, number[]>()
  for (let i = 0; i < rows.length; i++) {
    const group = groups[rows[i] ?? 0] ?? 0
    const list = members.get(group)
    if (list) list.push(i)
    else members.set(group, [i])
  }
  const order = shuffle([...members.values()], seededRandom(request.seed)).sort((a, b) => b.length - a.length)
  const classTotal = new Float64Array(classes)
  for (const row of rows) classTotal[codes[row] ?? 0] = (classTotal[codes[row] ?? 0] ?? 0) + 1
  const inFold = new Float64Array(folds * classes)
  const sizes = new Float64Array(folds)
  const assigned = new Int32Array(rows.length)
  const added = new Map<number, number>()
  for (const group of order) {
    added.clear()
    for (const i of group) {
      const code = codes[rows[i] ?? 0] ?? 0
      added.set(code, (added.get(code) ?? 0) + 1)
    }
    let best = 0
    let bestCost = Infinity
    for (let fold = 0; fold < folds; fold++) {
      let cost = (2 * (sizes[fold] ?? 0) + group.length) * group.length / rows.length ** 2
      for (const [code, count] of added) {
        const total = classTotal[code] ?? 1
        cost += (2 * (inFold[fold * classes + code] ?? 0) + count) * count / total ** 2
      }
      // An even share to within rounding is a tie: the first fold in order takes it.
      if (cost < bestCost * (1 - 1e-12)) {
        best = fold
        bestCost = cost
      }
    }
    for (const i of group) assigned[i] = best
    sizes[best] = (sizes[best] ?? 0) + group.length
    for (const [code, count] of added) inFold[best * classes + code] = (inFold[best * classes + code] ?? 0) + count
  }
  return assigned
}

function circularDistance(a: number, b: number, folds: number): number {
  const distance = Math.abs(a - b)
  return Math.min(distance, folds - distance)
}

function distinct(values: Int32Array): number {
  return new Set(values).size
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i)
}
