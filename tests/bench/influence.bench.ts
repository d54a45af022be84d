import { influences } from '../../main/engine/analyses/influence'
import { logisticOptimum, type LogisticOptimum, type LogisticProblem } from '../../main/engine/analyses/logistic-optimum'
import { openDoubleProducts } from '../../main/engine/matrices'
import { seededRandom } from '../../main/engine/probes/random'
import { plainLogistic } from './plain-logistic'

const rows = 1496
const columns = 576
const tested = 1000
const refits = 12
export const title = `Influence of ${rows.toLocaleString('en')} training rows on ${tested.toLocaleString('en')} test rows, d = ${columns}, against leaving rows out and refitting`

/**
 * Made activations of SmolLM2's shape on cities.csv. Both refits start at the whole probe's optimum, the best start there is:
 * Newton's method as the engine has it, and float64 L-BFGS. A few rows are left out and timed, all of them extrapolated.
 */
export async function bench(print: (line: string) => void): Promise<void> {
  const random = seededRandom(1)
  const { features, labels } = made(rows, random)
  const problem: LogisticProblem = { features, rows, columns, labels, strength: 0.01 }
  const test = made(tested, random).features
  const products = await openDoubleProducts()
  const ignore = (): void => undefined
  const ours = async (start: Float64Array): Promise<{ optimum: LogisticOptimum; effects: Float64Array; fitMs: number; effectsMs: number }> => {
    const began = performance.now()
    const optimum = await logisticOptimum(products, problem, start, ignore)
    const fitted = performance.now()
    const effects = await influences(products, problem, optimum, test, tested)
    return { optimum, effects, fitMs: fitted - began, effectsMs: performance.now() - fitted }
  }
  // The first call compiles and touches memory.
  const zero = new Float64Array(columns + 1)
  await ours(zero)
  const runs = [await ours(zero), await ours(zero), await ours(zero)].sort((a, b) => a.fitMs + a.effectsMs - b.fitMs - b.effectsMs)
  const { optimum, effects, fitMs, effectsMs } = runs[1] as (typeof runs)[number]
  const total = fitMs + effectsMs
  print(`ours, median of 3: ${total.toFixed(0)} ms, of which the optimum from zero ${fitMs.toFixed(0)} ms and all ${(rows * tested / 1e6).toFixed(2)} million effects ${effectsMs.toFixed(0)} ms`)
  const known = await ours(optimum.point)
  print(`started at the optimum, which a kept probe is near: ${(known.fitMs + known.effectsMs).toFixed(0)} ms`)

  const left = Array.from({ length: refits }, (_, i) => Math.floor((i + 0.5) * rows / refits))
  const whole = logits(optimum.point, test)
  const seconds = { newton: 0, lbfgs: 0 }
  const differences: { readonly ours: number[]; readonly newton: number[]; readonly lbfgs: number[] } = { ours: [], newton: [], lbfgs: [] }
  for (const row of left) {
    const less = without(problem, row)
    const newtonBegan = performance.now()
    const newton = (await logisticOptimum(products, less, optimum.point, ignore)).point
    const newtonLogits = logits(newton, test)
    const lbfgsBegan = performance.now()
    const point = Float64Array.from(optimum.point)
    plainLogistic({ features: less.features, signs: Float64Array.from(less.labels, label => label === 1 ? 1 : -1), columns }, less.strength, point, 1e-6)
    const lbfgsLogits = logits(point, test)
    seconds.newton += (lbfgsBegan - newtonBegan) / 1000
    seconds.lbfgs += (performance.now() - lbfgsBegan) / 1000
    for (let t = 0; t < tested; t++) {
      differences.ours.push(effects[t * rows + row] as number)
      differences.newton.push((whole[t] as number) - (newtonLogits[t] as number))
      differences.lbfgs.push((whole[t] as number) - (lbfgsLogits[t] as number))
    }
  }
  await products.release()
  for (const [name, spent] of [['Newton\'s method', seconds.newton], ['L-BFGS to gradient 1e-6', seconds.lbfgs]] as const) {
    const all = spent * rows / refits
    print(`refits by ${name}: ${spent.toFixed(2)} s for ${refits} rows, ${all.toFixed(0)} s for all by extrapolation; ours is ${(1000 * all / total).toFixed(0)} × faster`)
  }
  print(`effects against Newton's refits, ${refits} rows × ${tested} test rows: largest difference ${(100 * worst(differences.ours, differences.newton)).toFixed(2)} % of the largest effect; L-BFGS stops within ${(100 * worst(differences.lbfgs, differences.newton)).toFixed(2)} %`)
}

/** Correlated normal features of deviation near 1, the class along every tenth of them. */
function made(count: number, random: () => number): { readonly features: Float64Array; readonly labels: Uint8Array } {
  const labels = Uint8Array.from({ length: count }, (_, row) => row % 2)
  const features = new Float64Array(count * columns)
  for (let row = 0, at = 0; row < count; row++) {
    let walk = 0
    for (let column = 0; column < columns; column++, at++) {
      // The sum of three uniform numbers is normal enough, and quick.
      walk = 0.8 * walk + 1.2 * (random() + random() + random() - 1.5)
      features[at] = walk + (column % 10 === 0 ? 0.15 * (labels[row] === 1 ? 1 : -1) : 0)
    }
  }
  return { features, labels }
}

function without(problem: LogisticProblem, row: number): LogisticProblem {
  const features = new Float64Array((problem.rows - 1) * columns)
  features.set(problem.features.subarray(0, row * columns))
  features.set(problem.features.subarray((row + 1) * columns), row * columns)
  return { ...problem, features, rows: problem.rows - 1, labels: problem.labels.filter((_, own) => own !== row) }
}

function logits(point: Float64Array, features: Float64Array): Float64Array {
  return Float64Array.from({ length: features.length / columns }, (_, row) => {
    let sum = point[columns] as number
    for (let column = 0; column < columns; column++) sum += (features[row * columns + column] as number) * (point[column] as number)
    return sum
  })
}

function worst(values: readonly number[], truth: readonly number[]): number {
  const largest = truth.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return truth.reduce((most, value, i) => Math.max(most, Math.abs((values[i] as number) - value)), 0) / largest
}
