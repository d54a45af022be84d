/** The plain way in JavaScript, for comparison: one problem at a time, float64, L-BFGS without preconditioning. */

/** Standardised training rows [rows, columns] and their signs ±1. */
export interface PlainProblem {
  readonly features: Float64Array
  readonly signs: Float64Array
  readonly columns: number
}

/** Rows `kept` of `values` with mean 0 and deviation 1 over themselves. */
export function plainProblem(values: Float32Array, columns: number, kept: readonly number[], codes: Int32Array): PlainProblem {
  const features = new Float64Array(kept.length * columns)
  kept.forEach((row, i) => { for (let column = 0; column < columns; column++) features[i * columns + column] = values[row * columns + column] as number })
  for (let column = 0; column < columns; column++) {
    let mean = 0
    for (let i = 0; i < kept.length; i++) mean += features[i * columns + column] as number
    mean /= kept.length
    let variance = 0
    for (let i = 0; i < kept.length; i++) variance += ((features[i * columns + column] as number) - mean) ** 2
    const deviation = Math.sqrt(variance / kept.length)
    for (let i = 0; i < kept.length; i++) features[i * columns + column] = deviation < 1e-12 ? 0 : ((features[i * columns + column] as number) - mean) / deviation
  }
  return { features, signs: Float64Array.from(kept, row => codes[row] === 1 ? 1 : -1), columns }
}

/** Minimum of Σ log(1 + exp(−ỹ(wᵀx + b))) + |w|² / 2C from `point` ([columns + 1], bias last), which receives the solution. */
export function plainLogistic(problem: PlainProblem, strength: number, point: Float64Array, tolerance: number): number {
  const size = problem.columns + 1
  let { loss, gradient } = evaluate(problem, strength, point)
  const history: { step: Float64Array; change: Float64Array; product: number }[] = []
  for (let iteration = 0; iteration < 10_000; iteration++) {
    const direction = Float64Array.from(gradient)
    const factors = history.map(() => 0)
    for (let i = history.length - 1; i >= 0; i--) {
      const { step, change, product } = history[i] as (typeof history)[number]
      factors[i] = dot(step, direction) / product
      add(direction, -(factors[i] as number), change)
    }
    const last = history[history.length - 1]
    const scale = last ? last.product / dot(last.change, last.change) : 1 / Math.sqrt(dot(gradient, gradient))
    for (let i = 0; i < size; i++) direction[i] = (direction[i] as number) * scale
    history.forEach(({ step, change, product }, i) => { add(direction, (factors[i] as number) - dot(change, direction) / product, step) })
    const slope = -dot(direction, gradient)
    // scikit-learn's stop: the largest gradient of the mean loss.
    if (Math.max(...gradient.map(Math.abs)) / problem.signs.length <= tolerance) return loss
    let length = 1
    for (;;) {
      const trial = Float64Array.from(point)
      add(trial, -length, direction)
      const next = evaluate(problem, strength, trial)
      if (next.loss <= loss + 1e-4 * length * slope || length < 1e-10) {
        const step = Float64Array.from(trial, (value, i) => value - (point[i] as number))
        const change = Float64Array.from(next.gradient, (value, i) => value - (gradient[i] as number))
        const product = dot(step, change)
        if (product > 0) history.push({ step, change, product })
        if (history.length > 10) history.shift()
        point.set(trial)
        if (length < 1e-10) return next.loss
        loss = next.loss
        gradient = next.gradient
        break
      }
      length /= 2
    }
  }
  return loss
}

function evaluate({ features, signs, columns }: PlainProblem, strength: number, point: Float64Array): { loss: number; gradient: Float64Array } {
  const gradient = new Float64Array(columns + 1)
  let loss = 0
  for (let row = 0; row < signs.length; row++) {
    let logit = point[columns] as number
    for (let column = 0, at = row * columns; column < columns; column++, at++) logit += (features[at] as number) * (point[column] as number)
    const sign = signs[row] as number
    const margin = -sign * logit
    loss += margin > 0 ? margin + Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin))
    const residual = -sign / (1 + Math.exp(-margin))
    for (let column = 0, at = row * columns; column < columns; column++, at++) gradient[column] = (gradient[column] as number) + residual * (features[at] as number)
    gradient[columns] = (gradient[columns] as number) + residual
  }
  for (let column = 0; column < columns; column++) {
    const weight = point[column] as number
    loss += weight * weight / (2 * strength)
    gradient[column] = (gradient[column] as number) + weight / strength
  }
  return { loss, gradient }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

function add(to: Float64Array, factor: number, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + factor * (from[i] as number)
}
