import { describe, expect, it } from 'vitest'
import { logistic } from '../../../main/engine/probes/methods/logistic'
import { mlp } from '../../../main/engine/probes/methods/mlp'
import { MlpNetworks } from '../../../main/engine/probes/methods/mlp-networks'
import { isLinear, type FitJob, type SiteContext } from '../../../main/engine/probes/probe-method'
import { seededRandom, shuffle } from '../../../main/engine/probes/random'
import { standardise } from '../../../main/engine/probes/site-data'
import { leavingOut, linearProbe, logitsOf, siteContext } from './fitting'

const columns = 6

interface Made { readonly values: Float32Array; readonly codes: Int32Array; readonly cells: Int32Array }

/** Normal noise; of two classes the sign of the product of features 0 and 1, of more the third of feature 0's circle with 1. */
function made(rows: number, classes: number): Made {
  const random = seededRandom(11)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const values = Float32Array.from({ length: rows * columns }, normal)
  const codes = Int32Array.from({ length: rows }, (_, row) => {
    const [x = 0, y = 0] = values.subarray(row * columns, row * columns + 2)
    return classes === 2 ? (x * y > 0 ? 1 : 0) : Math.min(classes - 1, Math.floor((Math.atan2(y, x) / (2 * Math.PI) + 0.5) * classes))
  })
  return { values, codes, cells: Int32Array.from(codes, (_, row) => row % 5) }
}

const contextOf = ({ values, cells }: Made, classes = 2): Promise<SiteContext> => siteContext(values, columns, cells, classes)

async function logitsAfter(context: SiteContext, jobs: readonly FitJob[]): Promise<readonly Float32Array[]> {
  return (await mlp.fit(context, jobs, 'final')).flatMap(fit => fit.probes.map(probe => {
    if (isLinear(probe)) throw new Error('a perceptron is not linear')
    return probe.logits
  }))
}

function accuracy(logits: ArrayLike<number>, outputs: number, { codes, cells }: Made, labels = codes): number {
  const tested = [...codes.keys()].filter(row => cells[row] === 0)
  const predicted = (row: number): number => {
    if (outputs === 1) return (logits[row] as number) > 0 ? 1 : 0
    const own = Array.from({ length: outputs }, (_, c) => logits[c * codes.length + row] as number)
    return own.indexOf(Math.max(...own))
  }
  return tested.filter(row => predicted(row) === labels[row]).length / tested.length
}

describe('mlp', () => {
  it.each([2, 3])('has the gradient of its cross-entropy, by differences in float64 (1e-4 of the largest slope; %i classes)', async classes => {
    const given = made(40, classes)
    const context = await contextOf(given, classes)
    const outputs = classes === 2 ? 1 : classes
    const networks = await MlpNetworks.open(context)
    const standardisation = standardise(context.data, [0, 1, 2])
    // The second network's batch is smaller: what pads it must count for nothing.
    const batches = [Int32Array.of(1, 5, 7, 12, 30), Int32Array.of(2, 9, 33)].map(rows => ({ rows, standardisation, codes: given.codes }))
    const state = networks.start(2, seededRandom(2))
    const slopes = await networks.slopes(state, batches)
    const widths = [columns, 256, 128, 64, outputs]
    const sizes = state.values.map(({ length }) => length / 2)
    const loss = (network: number, layer: number, at: number, change: number): number => {
      const own = state.values.map((values, i) => Float64Array.from(values.subarray(network * (sizes[i] as number), (network + 1) * (sizes[i] as number))))
      const changed = own[layer] as Float64Array
      changed[at] = (changed[at] as number) + change
      const { rows } = batches[network] as typeof batches[number]
      return [...rows].reduce((sum, row) => {
        let activation = Array.from({ length: columns }, (_, c) => ((context.data.features[row * columns + c] as number) - (standardisation.mean[c] as number)) * (standardisation.inverseDeviation[c] as number))
        for (let i = 0; i < 4; i++) {
          const width = widths[i + 1] as number
          const below = activation
          activation = Array.from({ length: width }, (_, unit) => below.reduce((total, value, k) => total + value * (own[2 * i]?.[k * width + unit] as number), own[2 * i + 1]?.[unit] as number))
          if (i < 3) activation = activation.map(value => Math.max(0, value))
        }
        const code = given.codes[row] as number
        const [first = 0] = activation
        if (outputs === 1) return sum + Math.log1p(Math.exp(code === 1 ? -first : first))
        return sum + Math.log(activation.reduce((total, value) => total + Math.exp(value), 0)) - (activation[code] as number)
      }, 0) / rows.length
    }
    const random = seededRandom(3)
    for (const network of [0, 1]) {
      for (let layer = 0; layer < 8; layer++) {
        const own = (slopes[layer] as Float32Array).subarray(network * (sizes[layer] as number), (network + 1) * (sizes[layer] as number))
        const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        for (let trial = 0; trial < 4; trial++) {
          const at = Math.floor(random() * own.length)
          expect(Math.abs((own[at] as number) - (loss(network, layer, at, 1e-6) - loss(network, layer, at, -1e-6)) / 2e-6)).toBeLessThan(1e-4 * largest)
        }
      }
    }
    await networks.release()
  })

  it('learns what no plane holds: the product of two features, and thirds of a circle', async () => {
    const given = made(1500, 2)
    const context = await contextOf(given)
    const [own] = await logitsAfter(context, leavingOut([0], 5, given.codes, [12]))
    expect(accuracy(own ?? [], 1, given)).toBeGreaterThan(0.88)
    const [plane] = await logistic.fit(context, leavingOut([0], 5, given.codes, [1]), 'final')
    expect(accuracy(logitsOf(context, linearProbe(plane)), 1, given)).toBeLessThan(0.62)
    const three = made(900, 3)
    const [ofThree] = await logitsAfter(await contextOf(three, 3), leavingOut([0], 5, three.codes, [12]))
    expect(accuracy(ofThree ?? [], 3, three)).toBeGreaterThan(0.88)
  })

  it('gives chance on permuted labels', async () => {
    const given = made(1500, 2)
    const permuted = shuffle(Int32Array.from(given.codes), seededRandom(6))
    const [own] = await logitsAfter(await contextOf(given), leavingOut([0], 5, permuted, [5]))
    // 300 coin tosses: four standard deviations are .115.
    expect(Math.abs(accuracy(own ?? [], 1, given, permuted) - 0.5)).toBeLessThan(0.115)
  })

  it('is the same whatever is trained beside it, and at each number of epochs on the way (1e-3 of a logit)', async () => {
    const given = made(300, 2)
    const context = await contextOf(given)
    const path = await logitsAfter(context, leavingOut([0, 1], 5, given.codes, [2, 5]))
    expect(path).toHaveLength(4)
    const alone = await logitsAfter(context, leavingOut([1], 5, given.codes, [2]))
    const [third, only] = [path[2] as Float32Array, alone[0] as Float32Array]
    expect(third.reduce((most, value, i) => Math.max(most, Math.abs(value - (only[i] as number))), 0)).toBeLessThan(1e-3)
    expect(mlp.strengths(1)).toEqual([5])
    expect(mlp.strengths(10)).toEqual([1, 2, 3, 5, 8, 12])
  })
})
