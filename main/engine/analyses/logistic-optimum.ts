import { cholesky, inverseOfFactor, type DoubleProducts } from '../matrices'
import { LayerscopeError } from '../errors'

/** A binary logistic problem in float64: Σ log(1 + exp(−ỹ(wᵀx + b))) + |w|² / 2C, the intercept free. */
export interface LogisticProblem {
  /** [rows, columns], standardised as the probe sees them. */
  readonly features: Float64Array
  readonly rows: number
  readonly columns: number
  /** [rows], 1 for class 1 */
  readonly labels: Uint8Array
  /** scikit-learn's C */
  readonly strength: number
}

/** The optimum of a problem with its curvature there. A point is the weights, then the intercept, [columns + 1]. */
export interface LogisticOptimum {
  readonly point: Float64Array
  readonly loss: number
  /** p − y of each training row. */
  readonly residuals: Float64Array
  /** hᵢ = p(1 − p) x̃ᵢᵀH⁻¹x̃ᵢ of each training row, x̃ the features and a 1: what the row holds of its own fitted logit. */
  readonly leverages: Float64Array
  /** H⁻¹x̃ of the rows of `features` [rows, columns]; [rows, columns + 1]. */
  solve(features: Float64Array, rows: number): Promise<Float64Array>
}

/** Where Newton's decrement, as a share of the loss, says that nothing is left to gain. */
const tolerance = 1e-13
const mostSteps = 100

/**
 * Newton's method from `start`, with backtracking. The Hessian is factored on the smaller side of the features: as it is
 * [columns + 1]², or, where rows are fewer, through the rows' inner products, so that wide sites cost rows³ and not columns³.
 * @throws LayerscopeError `probe-not-determined` where the curvature vanishes to rounding
 */
export async function logisticOptimum(products: DoubleProducts, problem: LogisticProblem, start: Float64Array, checkpoint: () => void): Promise<LogisticOptimum> {
  let point = Float64Array.from(start)
  let state = await evaluate(products, problem, point)
  const kernel = problem.rows < problem.columns ? await products.rowsByRows(problem.features, problem.rows, problem.features, problem.rows, problem.columns) : null
  for (let step = 0; ; step++) {
    checkpoint()
    const curvature = kernel === null ? await columnCurvature(products, problem, state.spread) : await rowCurvature(products, problem, state.spread, kernel)
    const direction = await curvature.solveGradient(state.gradient)
    const slope = state.gradient.reduce((sum, value, i) => sum + value * (direction[i] as number), 0)
    if (slope <= tolerance * state.loss || step === mostSteps) {
      const { residuals, spread, loss } = state
      return { point, loss, residuals, leverages: curvature.leverages(spread), solve: curvature.solve }
    }
    let length = 1
    for (let attempt = 0; ; attempt++) {
      const trial = point.map((value, i) => value - length * (direction[i] as number))
      const next = await evaluate(products, problem, trial)
      if (next.loss <= state.loss - 1e-4 * length * slope || attempt === 30) {
        // Where no step lowers the loss it is level to rounding: the optimum to all that float64 can tell.
        if (next.loss >= state.loss) return { point, loss: state.loss, residuals: state.residuals, leverages: curvature.leverages(state.spread), solve: curvature.solve }
        point = trial
        state = next
        break
      }
      length /= 2
    }
  }
}

interface Evaluation { readonly loss: number; readonly gradient: Float64Array; readonly residuals: Float64Array; readonly spread: Float64Array }

async function evaluate(products: DoubleProducts, { features, rows, columns, labels, strength }: LogisticProblem, point: Float64Array): Promise<Evaluation> {
  const logits = await products.multiply(features, rows, columns, point.subarray(0, columns).slice(), 1)
  const residuals = new Float64Array(rows)
  const spread = new Float64Array(rows)
  const intercept = point[columns] as number
  let loss = 0
  let interceptGradient = 0
  for (let row = 0; row < rows; row++) {
    const logit = (logits[row] as number) + intercept
    const margin = labels[row] === 1 ? logit : -logit
    loss += margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin
    // Written from the side that keeps its digits: p − y of a row far on its own side is tiny, not zero.
    const wrong = 1 / (1 + Math.exp(margin))
    residuals[row] = labels[row] === 1 ? -wrong : wrong
    spread[row] = wrong * (1 - wrong)
    interceptGradient += residuals[row] as number
  }
  const gradient = new Float64Array(columns + 1)
  gradient.set(await products.columnsByColumns(features, columns, residuals, 1, rows))
  for (let column = 0; column < columns; column++) {
    const weight = point[column] as number
    gradient[column] = (gradient[column] as number) + weight / strength
    loss += weight * weight / (2 * strength)
  }
  gradient[columns] = interceptGradient
  return { loss, gradient, residuals, spread }
}

interface Curvature {
  solve(features: Float64Array, rows: number): Promise<Float64Array>
  solveGradient(gradient: Float64Array): Promise<Float64Array>
  leverages(spread: Float64Array): Float64Array
}

/** H = X̃ᵀDX̃ + R/C, factored as LLᵀ: everything is an inner product of whitened rows L⁻¹x̃. */
async function columnCurvature(products: DoubleProducts, { features, rows, columns, strength }: LogisticProblem, spread: Float64Array): Promise<Curvature> {
  const order = columns + 1
  const augmented = withOnes(features, rows, columns)
  const weighted = Float64Array.from(augmented)
  for (let row = 0, at = 0; row < rows; row++) for (let column = 0; column < order; column++, at++) weighted[at] = (weighted[at] as number) * (spread[row] as number)
  const hessian = await products.columnsByColumns(augmented, order, weighted, order, rows)
  for (let column = 0; column < columns; column++) hessian[column * (order + 1)] = (hessian[column * (order + 1)] as number) + 1 / strength
  const factor = cholesky(hessian, order)
  if (!factor) throw notDetermined()
  const inverse = inverseOfFactor(factor)
  const whitened = await products.rowsByRows(augmented, rows, inverse, order, order)
  return {
    solve: async (own, count) => products.multiply(await products.rowsByRows(withOnes(own, count, columns), count, inverse, order, order), count, order, inverse, order),
    solveGradient: gradient => Promise.resolve(factor.solve(gradient)),
    leverages: weights => Float64Array.from(weights, (weight, row) => {
      let square = 0
      for (let k = row * order; k < (row + 1) * order; k++) square += (whitened[k] as number) ** 2
      return weight * square
    })
  }
}

/**
 * The same through A = I/C + SKS, K = XXᵀ and S = √D. Of the weights' block alone, (XᵀDX + I/C)⁻¹ = C(I − XᵀSA⁻¹SX)
 * (Woodbury); the intercept is put back by its Schur complement s = σᵀA⁻¹σ / C with σ = S1, and
 * 1 − hᵢ = (A⁻¹ᵢᵢ − (A⁻¹σ)ᵢ² / σᵀA⁻¹σ) / C.
 */
async function rowCurvature(products: DoubleProducts, { features, rows, columns, strength }: LogisticProblem, spread: Float64Array, kernel: Float64Array): Promise<Curvature> {
  const root = spread.map(Math.sqrt)
  const matrix = new Float64Array(rows * rows)
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < rows; j++, at++) matrix[at] = (kernel[at] as number) * (root[i] as number) * (root[j] as number) + (i === j ? 1 / strength : 0)
  const factor = cholesky(matrix, rows)
  if (!factor) throw notDetermined()
  const half = inverseOfFactor(factor)
  const ofRoot = factor.solve(root)
  const total = root.reduce((sum, value, i) => sum + value * (ofRoot[i] as number), 0)
  if (!(total > 0)) throw notDetermined()
  // (XᵀDX + I/C)⁻¹XᵀD1 = XᵀSA⁻¹σ; with it the mixed block XᵀD1 itself is never needed but against vectors.
  const mixed = await products.columnsByColumns(features, columns, root.map((value, i) => value * (ofRoot[i] as number)), 1, rows)
  const spreads = await products.columnsByColumns(features, columns, spread, 1, rows)
  const solveAll = async (weights: Float64Array, intercepts: (row: number) => number, count: number): Promise<Float64Array> => {
    const scores = await products.rowsByRows(weights, count, features, rows, columns)
    for (let t = 0, at = 0; t < count; t++) for (let i = 0; i < rows; i++, at++) scores[at] = (scores[at] as number) * (root[i] as number)
    const inner = await products.multiply(await products.rowsByRows(scores, count, half, rows, rows), count, rows, half, rows)
    for (let t = 0, at = 0; t < count; t++) for (let i = 0; i < rows; i++, at++) inner[at] = (inner[at] as number) * (root[i] as number)
    const correction = await products.multiply(inner, count, rows, features, columns)
    const result = new Float64Array(count * (columns + 1))
    for (let t = 0; t < count; t++) {
      const to = t * (columns + 1)
      let along = 0
      for (let column = 0; column < columns; column++) {
        const value = strength * ((weights[t * columns + column] as number) - (correction[t * columns + column] as number))
        result[to + column] = value
        along += value * (spreads[column] as number)
      }
      const share = (intercepts(t) - along) / (total / strength)
      for (let column = 0; column < columns; column++) result[to + column] = (result[to + column] as number) - share * (mixed[column] as number)
      result[to + columns] = share
    }
    return result
  }
  return {
    solve: (own, count) => solveAll(own, () => 1, count),
    solveGradient: gradient => solveAll(gradient.slice(0, columns), () => gradient[columns] as number, 1),
    leverages: () => Float64Array.from(ofRoot, (value, i) => {
      let diagonal = 0
      for (let k = i; k < rows; k++) diagonal += (half[k * rows + i] as number) ** 2
      return 1 - (diagonal - value * value / total) / strength
    })
  }
}

function withOnes(features: Float64Array, rows: number, columns: number): Float64Array {
  const augmented = new Float64Array(rows * (columns + 1)).fill(1)
  for (let row = 0; row < rows; row++) augmented.set(features.subarray(row * columns, (row + 1) * columns), row * (columns + 1))
  return augmented
}

function notDetermined(): LayerscopeError {
  return new LayerscopeError({
    code: 'probe-not-determined', message: 'The probe\'s loss is flat to within rounding, so that no row has a defined influence.',
    hint: 'Choose stronger regularisation (a smaller C), or another layer.'
  })
}
