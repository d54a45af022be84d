/** Loss and gradient of each of some problems at its point. */
export interface Evaluation { readonly losses: Float64Array; readonly gradients: readonly Float64Array[] }

/** Smooth convex problems of one size that are evaluated together, because one matrix product serves them all. */
export interface BatchObjective {
  /** Parameters of one problem. */
  readonly dimension: number
  /** Of each of `problems` at its point; gradients are fresh arrays. */
  evaluate(problems: readonly number[], points: readonly Float64Array[]): Promise<Evaluation>
  /** Multiplies each vector, in place, by a symmetric positive approximation of its problem's inverse Hessian; a problem may come twice. */
  precondition(problems: readonly number[], vectors: readonly Float64Array[]): Promise<void>
  /** The approximation has the shape of the inverse Hessian but not its size, which the last step then gives. */
  readonly unsized: boolean
}

export interface MinimiseOptions {
  /** Stops a problem where the expected decrease of a full step, −gᵀp / 2, is under this share of its loss. */
  readonly tolerance: number
  readonly iterations: number
  /** Steps that together must lower the loss by `tolerance` of it; any number where it is not given. */
  readonly patience?: number
  /** What the objective gives at the starts, where the caller has it. */
  readonly start?: Evaluation
  /** Called between iterations; throws to stop. */
  readonly checkpoint: () => void
}

/** Losses and gradients at the minima. */
export interface MinimiseResult extends Evaluation {
  /** Iterations of the slowest problem. */
  readonly iterations: number
  /** Expected decrease of the next step as a share of the loss, for problems that reached the cap; 0 for the others. [problems] */
  readonly remaining: Float64Array
}

/** Corrections kept. More saves few iterations here: the preconditioner already carries the curvature. */
const memory = 8
const sufficientDecrease = 1e-4
/** Float32 products blur the loss by about this share, or less. */
const lossNoise = 1e-6

/** A past step and the change of the gradient along it, sᵀy > 0. */
interface Correction {
  readonly step: Float32Array
  readonly change: Float32Array
  readonly inverseProduct: number
}

/** Where one problem stands. */
interface State {
  readonly problem: number
  point: Float64Array
  gradient: Float64Array
  loss: number
  direction: Float64Array
  /** Slope of the loss along `direction`, negative. */
  slope: number
  stepLength: number
  readonly history: Correction[]
  /** Losses before each of the last steps, oldest first. */
  readonly lately: number[]
}

/**
 * Limited-memory BFGS (Nocedal & Wright, algorithm 7.4) on many problems at once: each has its own history, step length
 * and end, and converged problems drop out of the evaluation. `points` holds the starts and receives the minima.
 */
export async function minimise(objective: BatchObjective, points: Float64Array[], options: MinimiseOptions): Promise<MinimiseResult> {
  const start = options.start ?? await objective.evaluate([...points.keys()], points)
  const states = points.map((point, problem): State => ({
    problem, point, gradient: start.gradients[problem] as Float64Array, loss: start.losses[problem] as number,
    direction: point, slope: 0, stepLength: 1, history: [], lately: []
  }))
  let active = states
  let iteration = 0
  for (; iteration < options.iterations; iteration++) {
    options.checkpoint()
    await descend(objective, active)
    active = active.filter(state => state.slope < 0 && -state.slope / 2 > options.tolerance * state.loss)
    if (active.length === 0) break
    active = (await search(objective, active)).filter(state => stillGains(state, options))
  }
  for (const { problem, point } of states) points[problem] = point
  const remaining = new Float64Array(points.length)
  if (iteration === options.iterations) for (const { problem, slope, loss } of active) remaining[problem] = -slope / 2 / loss
  return { losses: Float64Array.from(states, state => state.loss), gradients: states.map(state => state.gradient), iterations: iteration, remaining }
}

/**
 * Sets each state's direction −H g by the two-loop recursion. The initial H is the preconditioner P; where that is unsized, times sᵀy / yᵀPy of
 * the last step s and change y of the gradient (Nocedal & Wright, 7.20, there for P = I), so that the first length tried mostly holds.
 */
async function descend(objective: BatchObjective, states: readonly State[]): Promise<void> {
  const factors = states.map(state => {
    const direction = state.gradient.slice()
    const { history } = state
    const factor = new Float64Array(history.length)
    for (let i = history.length - 1; i >= 0; i--) {
      const { step, change, inverseProduct } = history[i] as Correction
      factor[i] = inverseProduct * dot(step, direction)
      addScaled(direction, -(factor[i] as number), change)
    }
    state.direction = direction
    return factor
  })
  const stepped = objective.unsized ? states.filter(({ history }) => history.length > 0) : []
  const changes = stepped.map(({ history }) => new Float64Array((history.at(-1) as Correction).change))
  await objective.precondition([...states, ...stepped].map(({ problem }) => problem), [...states.map(({ direction }) => direction), ...changes])
  stepped.forEach(({ direction, history }, at) => {
    const { change, inverseProduct } = history.at(-1) as Correction
    const scale = 1 / (inverseProduct * dot(change, changes[at] as Float64Array))
    if (Number.isFinite(scale) && scale > 0) for (let i = 0; i < direction.length; i++) direction[i] = scale * (direction[i] as number)
  })
  states.forEach((state, at) => {
    const { direction, history } = state
    history.forEach(({ step, change, inverseProduct }, i) => {
      addScaled(direction, (factors[at]?.[i] as number) - inverseProduct * dot(change, direction), step)
    })
    for (let i = 0; i < direction.length; i++) direction[i] = -(direction[i] as number)
    state.slope = dot(direction, state.gradient)
    state.stepLength = 1
  })
}

/** Backtracks every state along its direction to a sufficient decrease; returns those that moved: one that cannot is at the noise. */
async function search(objective: BatchObjective, states: readonly State[]): Promise<State[]> {
  const moved: State[] = []
  let pending = states
  for (let attempt = 0; pending.length > 0 && attempt < 10; attempt++) {
    const trials = pending.map(({ point, direction, stepLength }) => {
      const trial = point.slice()
      addScaled(trial, stepLength, direction)
      return trial
    })
    const { losses, gradients } = await objective.evaluate(pending.map(state => state.problem), trials)
    pending = pending.filter((state, i) => {
      const loss = losses[i] as number
      const expected = state.slope * state.stepLength
      if (loss <= state.loss + sufficientDecrease * expected || settled(state, loss, gradients[i] as Float64Array)) {
        accept(state, trials[i] as Float64Array, gradients[i] as Float64Array, loss)
        moved.push(state)
        return false
      }
      // The minimum of the parabola through what is known, kept within a tenth and three fifths of the step.
      const parabola = -expected / (2 * (loss - state.loss - expected))
      state.stepLength *= Number.isFinite(parabola) ? Math.min(0.6, Math.max(0.1, parabola)) : 0.1
      return true
    })
  }
  return moved
}

/**
 * Where the loss is level to within its noise, the slope decides (Hager & Zhang's approximate Wolfe condition):
 * on a convex function a step whose end still slopes down, or only just up, has not gone too far.
 */
function settled({ slope, loss: before, direction }: State, loss: number, gradient: Float64Array): boolean {
  return loss <= before * (1 + lossNoise) && dot(direction, gradient) <= -0.5 * slope
}

/**
 * Whether the last steps together lowered the loss by the share that is worth it. Where float32 gradients blur directions
 * without curvature, the expected decrease of a step stays large and no step brings it.
 */
function stillGains({ lately, loss }: State, { patience = Infinity, tolerance }: MinimiseOptions): boolean {
  while (lately.length > patience) lately.shift()
  return lately.length < patience || (lately[0] as number) - loss > tolerance * loss
}

function accept(state: State, point: Float64Array, gradient: Float64Array, loss: number): void {
  const step = new Float32Array(point.length)
  const change = new Float32Array(point.length)
  for (let i = 0; i < point.length; i++) {
    step[i] = (point[i] as number) - (state.point[i] as number)
    change[i] = (gradient[i] as number) - (state.gradient[i] as number)
  }
  const product = dot(step, change)
  if (product > 0) {
    state.history.push({ step, change, inverseProduct: 1 / product })
    if (state.history.length > memory) state.history.shift()
  }
  state.lately.push(state.loss)
  state.point = point
  state.gradient = gradient
  state.loss = loss
}

function dot(a: Float64Array | Float32Array, b: Float64Array | Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

function addScaled(to: Float64Array, factor: number, from: Float64Array | Float32Array): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + factor * (from[i] as number)
}
