import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { logistic, logSpace } from '../../../main/engine/probes/methods/logistic'
import type { LinearProbe } from '../../../main/engine/probes/probe-method'
import { areaUnderCurve, accuracy, balancedAccuracy, logLoss, predictedClasses, ranking, type Predictions } from '../../../main/engine/probes/metrics'
import { seededRandom } from '../../../main/engine/probes/random'
import { standardise } from '../../../main/engine/probes/site-data'
import { fixtureTensors, missing, sharedFile } from './shared-files'
import { leavingOut, linearProbe, linearProbes, logitsOf, siteContext } from './fitting'

interface BinaryRow { fold: number; C: number; objective: number; test_accuracy: number; test_auroc: number; test_log_loss: number; test_balanced: number }
interface MultinomialRow { C: number; objective: number; test_accuracy: number; test_log_loss: number }

const fixtures = 'reference/fixtures/expected.json'
const strengths = logSpace(-4, 4, 10)

describe.skipIf(missing(fixtures))('logistic probe against scikit-learn', () => {
  const expected = missing(fixtures) ? null : JSON.parse(readFileSync(sharedFile(fixtures), 'utf8')) as {
    logistic_binary: { rows: BinaryRow[] }; logistic_multinomial: { rows: MultinomialRow[] }
  }

  it('reaches its objective (1e-3), probabilities (1e-2) and scores on 5 folds × 10 strengths', async () => {
    const inputs = fixtureTensors('inputs')
    const probabilities = fixtureTensors('expected').get('logistic_test_proba')?.data ?? new Float64Array()
    const codes = inputs.get('truth_y')?.data as Int32Array
    const folds = inputs.get('truth_fold')?.data as Int32Array
    const context = await siteContext(inputs.get('truth_x')?.data as Float32Array, 576, folds, 2)
    const fits = await logistic.fit(context, leavingOut([0, 1, 2, 3, 4], 5, codes, strengths), 'final')
    let worstObjective = 0
    let worstProbability = 0
    for (const [fold, fit] of fits.entries()) {
      expect(fit.unfinished).toEqual([])
      const test = [...folds.keys()].filter(row => folds[row] === fold)
      linearProbes(fit).forEach((probe, c) => {
        const row = expected?.logistic_binary.rows.find(candidate => candidate.fold === fold && Math.abs(candidate.C / (strengths[c] as number) - 1) < 1e-9)
        if (!row) throw new Error('the fixture lacks a row')
        worstObjective = Math.max(worstObjective, Math.abs((fit.objectives[c] as number) / row.objective - 1))
        const logits = logitsOf(context, probe)
        const predictions: Predictions = {
          probabilities: Float64Array.from(test.flatMap(at => { const p = 1 / (1 + Math.exp(-(logits[at] as number))); return [1 - p, p] })),
          actual: Int32Array.from(test, at => codes[at] as number), classes: 2
        }
        test.forEach((at, i) => {
          const difference = Math.abs((predictions.probabilities[2 * i + 1] as number) - (probabilities[(fold * 10 + c) * 300 + at] as number))
          worstProbability = Math.max(worstProbability, difference)
        })
        const predicted = predictedClasses(predictions)
        // Rows that scikit-learn itself puts within 1e-2 of one half may fall on either side.
        const open = test.filter(at => Math.abs((probabilities[(fold * 10 + c) * 300 + at] as number) - 0.5) < 1e-2).length
        expect(Math.abs(accuracy(predicted, predictions.actual) - row.test_accuracy)).toBeLessThanOrEqual(open / test.length + 1e-9)
        expect(Math.abs(balancedAccuracy(predicted, predictions.actual, 2) - row.test_balanced)).toBeLessThanOrEqual(open / test.length + 1e-9)
        // One pair of rows that changes places moves the area of 60 rows by 1/900.
        expect(Math.abs((areaUnderCurve(ranking(predictions, 1), null) as number) - row.test_auroc)).toBeLessThan(2.5e-3)
        expect(Math.abs(logLoss(predictions) - row.test_log_loss)).toBeLessThan(0.01 * row.test_log_loss)
      })
    }
    console.log(`logistic_binary: worst objective ${worstObjective.toExponential(1)}, worst probability ${worstProbability.toExponential(1)}`)
    expect(worstObjective).toBeLessThan(1e-3)
    expect(worstProbability).toBeLessThan(1e-2)
  })

  it('reaches its objective within 1e-3 at the precision that ranks strengths', async () => {
    const inputs = fixtureTensors('inputs')
    const codes = inputs.get('truth_y')?.data as Int32Array
    const folds = inputs.get('truth_fold')?.data as Int32Array
    const context = await siteContext(inputs.get('truth_x')?.data as Float32Array, 576, folds, 2)
    const fits = await logistic.fit(context, leavingOut([0, 1, 2, 3, 4], 5, codes, strengths), 'validation')
    for (const row of expected?.logistic_binary.rows ?? []) {
      const c = strengths.findIndex(strength => Math.abs(row.C / strength - 1) < 1e-9)
      expect(Math.abs((fits[row.fold]?.objectives[c] as number) / row.objective - 1)).toBeLessThan(1e-3)
    }
  })

  it('reaches its objective on the place classes, dead features dropped', async () => {
    const inputs = fixtureTensors('inputs')
    const codes = inputs.get('place_kind')?.data as Int32Array
    const folds = inputs.get('place_fold')?.data as Int32Array
    const context = await siteContext(inputs.get('place_x')?.data as Float32Array, 384, folds, 2)
    const rows = expected?.logistic_multinomial.rows ?? []
    const [fit] = await logistic.fit(context, leavingOut([0], 5, codes, rows.map(row => row.C)), 'final')
    const test = [...folds.keys()].filter(row => folds[row] === 0)
    rows.forEach((row, c) => {
      expect(Math.abs((fit?.objectives[c] as number) / row.objective - 1)).toBeLessThan(1e-3)
      const probe = linearProbes(fit)[c]
      if (!probe) throw new Error('no probe')
      const logits = logitsOf(context, probe)
      const right = test.filter(at => ((logits[at] as number) > 0 ? 1 : 0) === codes[at]).length
      expect(right / test.length).toBeCloseTo(row.test_accuracy, 6)
      const loss = test.reduce((sum, at) => sum + Math.log1p(Math.exp(codes[at] === 1 ? -(logits[at] as number) : logits[at] as number)), 0) / test.length
      expect(Math.abs(loss / row.test_log_loss - 1)).toBeLessThan(0.01)
    })
  })

  it('softmax of two classes at C equals the binary probe at 2C', async () => {
    // With w₁ = −w₀ = v/2 the penalty (|w₀|² + |w₁|²) / 2C is |v|² / 4C.
    const inputs = fixtureTensors('inputs')
    const codes = inputs.get('place_kind')?.data as Int32Array
    const folds = inputs.get('place_fold')?.data as Int32Array
    const values = inputs.get('place_x')?.data as Float32Array
    const [binary] = await logistic.fit(await siteContext(values, 384, folds, 2), leavingOut([0], 5, codes, [0.02, 2, 200]), 'final')
    const [softmax] = await logistic.fit(await siteContext(values, 384, folds, 2, 2), leavingOut([0], 5, codes, [0.01, 1, 100]), 'final')
    binary?.objectives.forEach((objective, c) => { expect(Math.abs((softmax?.objectives[c] as number) / objective - 1)).toBeLessThan(1e-3) })
  })
})

describe('multinomial logistic probe against scikit-learn', () => {
  const expected = JSON.parse(readFileSync(fileURLToPath(new URL('../../fixtures/multinomial-logistic.json', import.meta.url)), 'utf8')) as {
    columns: number; classes: number; folds: number; strengths: number[]; codes: number[]; features: number[]; objectives: number[][]; accuracies: number[][]
  }

  it.each(['validation', 'final'] as const)('reaches its objective on 4 folds × 10 strengths of 6 skewed classes (%s: 1e-3)', async precision => {
    const { columns, classes, folds } = expected
    const codes = Int32Array.from(expected.codes)
    const foldOf = Int32Array.from(codes.keys(), row => row % folds)
    const context = await siteContext(Float32Array.from(expected.features), columns, foldOf, classes)
    const fits = await logistic.fit(context, leavingOut([...Array(folds).keys()], folds, codes, expected.strengths), precision)
    let worst = 0
    fits.forEach((fit, fold) => {
      const test = [...codes.keys()].filter(row => foldOf[row] === fold)
      fit.objectives.forEach((objective, c) => {
        worst = Math.max(worst, Math.abs(objective / (expected.objectives[fold]?.[c] as number) - 1))
        if (precision === 'validation') return
        const logits = logitsOf(context, fit.probes[c] as LinearProbe)
        const right = test.filter(row => {
          const own = logits.subarray(row * classes, (row + 1) * classes)
          return own.indexOf(Math.max(...own)) === codes[row]
        }).length
        // Two of 120 rows may lie on a boundary.
        expect(Math.abs(right / test.length - (expected.accuracies[fold]?.[c] as number))).toBeLessThan(2.5 / 120)
      })
    })
    console.log(`multinomial, ${precision}: worst objective ${worst.toExponential(1)}`)
    expect(worst).toBeLessThan(1e-3)
  })
})

describe('logistic probe', () => {
  /** Clouds around `classes` random centres, [rows, columns]. */
  function clouds(rows: number, columns: number, classes: number, spread: number, seed: number): { values: Float32Array; codes: Int32Array } {
    const random = seededRandom(seed)
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const centres = Float64Array.from({ length: classes * columns }, normal)
    const codes = Int32Array.from({ length: rows }, (_, row) => row % classes)
    const values = Float32Array.from({ length: rows * columns }, (_, i) => (centres[(codes[Math.floor(i / columns)] as number) * columns + i % columns] as number) + spread * normal())
    return { values, codes }
  }

  it('leaves no gradient of the multinomial objective, computed in float64', async () => {
    const columns = 12
    const { values, codes } = clouds(240, columns, 4, 3, 1)
    const folds = Int32Array.from(codes.keys(), row => row % 5)
    const context = await siteContext(values, columns, folds, 4)
    const [job] = leavingOut([0], 5, codes, logSpace(-3, 2, 6))
    if (!job) throw new Error('no job')
    const [fit] = await logistic.fit(context, [job], 'final')
    const { mean, inverseDeviation } = standardise(context.data, job.cells)
    linearProbes(fit).forEach((probe, c) => {
      const logits = logitsOf(context, probe)
      const gradient = new Float64Array(4 * columns)
      const intercept = new Float64Array(4)
      let objective = 0
      for (let row = 0; row < 240; row++) {
        if (folds[row] === 0) continue
        const own = logits.subarray(row * 4, row * 4 + 4)
        const total = own.reduce((sum, logit) => sum + Math.exp(logit), 0)
        objective += Math.log(total) - (own[codes[row] as number] as number)
        for (let k = 0; k < 4; k++) {
          const residual = Math.exp(own[k] as number) / total - (codes[row] === k ? 1 : 0)
          intercept[k] = (intercept[k] as number) + residual
          for (let column = 0; column < columns; column++) {
            const standardised = ((context.data.features[row * columns + column] as number) - (mean[column] as number)) * (inverseDeviation[column] as number)
            gradient[k * columns + column] = (gradient[k * columns + column] as number) + residual * standardised
          }
        }
      }
      probe.weights.forEach((weight, i) => {
        const standardised = weight / (inverseDeviation[i % columns] as number)
        gradient[i] = (gradient[i] as number) + standardised / (job.strengths[c] as number)
        objective += standardised ** 2 / (2 * (job.strengths[c] as number))
      })
      expect(fit?.objectives[c] as number).toBeCloseTo(objective, 3)
      const largest = Math.max(...gradient.map(Math.abs), ...intercept.map(Math.abs))
      // 192 training rows, each pulling by at most one.
      expect(largest).toBeLessThan(5e-3)
    })
  })

  it('finds separable data and gives finite probabilities at the weakest regularisation', async () => {
    const { values, codes } = clouds(60, 80, 2, 0.5, 2)
    const context = await siteContext(values, 80, Int32Array.from(codes.keys(), row => row % 5), 2)
    const fits = await logistic.fit(context, leavingOut([0, 1], 5, codes, strengths), 'final')
    for (const fit of fits) {
      const logits = logitsOf(context, linearProbes(fit)[9] as LinearProbe)
      expect(logits.every(Number.isFinite)).toBe(true)
      expect([...logits.keys()].every(row => ((logits[row] as number) > 0 ? 1 : 0) === codes[row])).toBe(true)
    }
  })

  it('gives rank-deficient and constant features no weight', async () => {
    const { values, codes } = clouds(100, 6, 2, 2, 3)
    const wide = new Float32Array(100 * 9)
    for (let row = 0; row < 100; row++) {
      wide.set(values.subarray(row * 6, row * 6 + 6), row * 9)
      wide[row * 9 + 6] = values[row * 6] as number
      wide[row * 9 + 7] = 3.5
      // Constant on the training rows of the job that leaves out cell 0, not constant there.
      wide[row * 9 + 8] = row % 5 === 0 ? 1000 + row : 7
    }
    const context = await siteContext(wide, 9, Int32Array.from(codes.keys(), row => row % 5), 2)
    const [fit] = await logistic.fit(context, leavingOut([0], 5, codes, [1]), 'final')
    expect(linearProbe(fit).weights[7]).toBe(0)
    expect(linearProbe(fit).weights[8]).toBe(0)
    const narrow = await siteContext(values, 6, Int32Array.from(codes.keys(), row => row % 5), 2)
    const [plain] = await logistic.fit(narrow, leavingOut([0], 5, codes, [1]), 'final')
    // A doubled feature halves its penalty: the objective can only fall.
    expect(fit?.objectives[0] as number).toBeLessThan((plain?.objectives[0] as number) + 1e-3)
  })
})
