import type { Measure, ProbeControls, ProbeMetrics } from '../../../preload/contract'
import { bootstrapIntervals } from './bootstrap'
import type { FoldPlan } from './folds'
import { accuracy, balancedAccuracy, logLoss, macroArea, predictedClasses, rankings, type Predictions } from './metrics'
import type { Baselines, ControlScore } from './worker-protocol'

/** Positions among the labelled rows that lie in a test fold, ascending. */
export function testedRows(plan: FoldPlan): Int32Array {
  const tested = new Set(plan.outer.flatMap(fold => fold.testCells))
  return Int32Array.from(plan.cellOfRow.keys()).filter(row => tested.has(plan.cellOfRow[row] as number))
}

/** Rows `of` of [rows, classes] probabilities with their classes. */
export function predictionsOf(probabilities: Float64Array, codes: Int32Array, classes: number, of: Int32Array): Predictions {
  const chosen = new Float64Array(of.length * classes)
  of.forEach((row, i) => chosen.set(probabilities.subarray(row * classes, (row + 1) * classes), i * classes))
  return { probabilities: chosen, actual: Int32Array.from(of, row => codes[row] as number), classes }
}

/** All metrics of pooled held-out predictions; `groups` has one entry per prediction. */
export function probeMetrics(predictions: Predictions, groups: Int32Array, seed: number): ProbeMetrics {
  const predicted = predictedClasses(predictions)
  const of = rankings(predictions)
  const auroc = macroArea(of, null)
  const correct = Uint8Array.from(predicted, (c, row) => c === predictions.actual[row] ? 1 : 0)
  const intervals = bootstrapIntervals(correct, groups, auroc === null ? null : of, seed)
  return {
    accuracy: accuracy(predicted, predictions.actual),
    balancedAccuracy: balancedAccuracy(predicted, predictions.actual, predictions.classes),
    auroc,
    logLoss: logLoss(predictions),
    interval: intervals.accuracy,
    aurocInterval: intervals.auroc
  }
}

/** The measures of a classifier that views and tables read, accuracy first, each with what it is to be read against. */
export function classMeasures(
  metrics: ProbeMetrics, controls: ProbeControls, aurocControls: { readonly shuffled: number; readonly textOnly: number } | null, classes: number,
  control: ControlScore | null = null
): readonly Measure[] {
  const chance = 1 / classes
  return [
    {
      name: 'accuracy', value: metrics.accuracy, interval: metrics.interval,
      baselines: [{ name: 'textOnly', value: controls.textOnly }, { name: 'shuffled', value: controls.shuffled }, { name: 'majority', value: controls.majority },
        ...(control === null ? [] : [{ name: 'controlTask', value: control.accuracy }] as const)]
    },
    {
      name: 'auroc', value: metrics.auroc, interval: metrics.aurocInterval,
      baselines: [...(aurocControls === null ? [] : [{ name: 'textOnly', value: aurocControls.textOnly }, { name: 'shuffled', value: aurocControls.shuffled }] as const), { name: 'chance', value: 0.5 }]
    },
    { name: 'balancedAccuracy', value: metrics.balancedAccuracy, interval: null, baselines: [{ name: 'chance', value: chance }] },
    ...(control === null ? [] : [{ name: 'selectivity', value: control.selectivity, interval: control.interval, baselines: [] }] as const)
  ]
}

/** Accuracy on the task less accuracy on the control task, over the same rows (Hewitt & Liang 2019), with its interval over groups. */
export function selectivity(task: Predictions, control: Predictions, groups: Int32Array, seed: number): ControlScore {
  const [onTask, onControl] = [predictedClasses(task), predictedClasses(control)]
  const difference = Int8Array.from(onTask, (c, row) => Number(c === task.actual[row]) - Number(onControl[row] === control.actual[row]))
  const reached = accuracy(onControl, control.actual)
  return { accuracy: reached, selectivity: accuracy(onTask, task.actual) - reached, interval: bootstrapIntervals(difference, groups, null, seed).accuracy }
}

/** Accuracy and area of a control's pooled predictions. */
export function controlScores(predictions: Predictions): { readonly accuracy: number; readonly auroc: number | null } {
  return { accuracy: accuracy(predictedClasses(predictions), predictions.actual), auroc: macroArea(rankings(predictions), null) }
}

/** Accuracy on the test rows of always answering the most frequent class of the training rows. */
export function majorityAccuracy(plan: FoldPlan, codes: Int32Array, classes: number): number {
  const counts = new Float64Array(plan.cells * classes)
  codes.forEach((code, row) => {
    const at = (plan.cellOfRow[row] as number) * classes + code
    counts[at] = (counts[at] as number) + 1
  })
  const countOf = (cells: readonly number[], c: number): number => cells.reduce((sum, cell) => sum + (counts[cell * classes + c] as number), 0)
  let right = 0
  let rows = 0
  for (const { training, testCells } of plan.outer) {
    let best = 0
    for (let c = 1; c < classes; c++) if (countOf(plan.trainings[training] ?? [], c) > countOf(plan.trainings[training] ?? [], best)) best = c
    right += countOf(testCells, best)
    for (let c = 0; c < classes; c++) rows += countOf(testCells, c)
  }
  return right / rows
}

/** Text-only and majority scores of a sweep. */
export function baselineScores(text: Float64Array, plan: FoldPlan, codes: Int32Array, classes: number): Baselines {
  const scores = controlScores(predictionsOf(text, codes, classes, testedRows(plan)))
  return { textOnly: scores.accuracy, textOnlyAuroc: scores.auroc, majority: majorityAccuracy(plan, codes, classes) }
}
