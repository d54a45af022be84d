import { version } from '../../../package.json'
import type { CardFold, CardGroups, CellCard, ClassDetail, NumberDetail, SiteResult, SweepSummary } from '../../../preload/contract'
import { measures, writeMeasure } from '../../../preload/measures'
import { probeMethods } from '../../../preload/probe-methods'
import type { ActivationStore } from '../activations/index'
import { confusionMatrix, reliability } from '../evaluation/index'
import { countsSites } from '../probes/index'
import { keptAnalysis, type HeldOutValues, type ReadProbes } from '../sessions/index'
import type { FinishedSweep } from './finished-sweep'
import { testedRows, type CellMaterial } from './cell-material'

/** Everything the card of a cell states, from what its run kept; nothing is fitted here. */
export async function cellCard({ finished, store }: { readonly finished: FinishedSweep; readonly store: ActivationStore }, { result, values, kept }: CellMaterial): Promise<CellCard> {
  const { folder, sweep, roles, plan, runId } = finished
  const { site, method } = result
  const { model, dataset, extraction, plan: { positions, dtype } } = store.manifest
  const tested = testedRows(values)
  const groups = roles.group === null ? null : await store.textColumn(roles.group)
  const label = [roles.label, ...roles.moreTargets].filter(column => column !== null)
  return {
    site, method, task: sweep.task, classes: sweep.classes, result, rows: tested.length,
    origin: {
      runId, model: { name: model.name, hash: model.hash }, dataset: { name: dataset.name, hash: dataset.hash }, label, positions, dtype,
      provider: extraction.provider, plan, test: roles.test, version
    },
    groups: groups === null || roles.group === null ? null : cardGroups(roles.group, groups, tested),
    folds: kept === null ? [] : cardFolds(kept),
    chosen: sweep.chosen && { site: sweep.chosen.site, method: sweep.chosen.method, here: sweep.chosen.site === site && sweep.chosen.method === method },
    cells: sweep.sites.length,
    detail: values.kind === 'classes' ? classDetail(values, tested, sweep.classes.length) : values.kind === 'numeric' ? numberDetail(values, tested) : null,
    codeLength: await keptAnalysis(folder, 'code-length', site), erasure: await keptAnalysis(folder, 'erasure', site),
    cautions: [...cellCautions(result, sweep), ...sweep.warnings.filter(warning => result.remarks === undefined || !countsSites(warning))], notes: [...remarkOf(method), ...sweep.notes ?? []]
  }
}

/** What a reader of the method's score must know. */
function remarkOf(method: string): readonly string[] {
  const remark = probeMethods.find(({ name }) => name === method)?.remark ?? null
  return remark === null ? [] : [remark]
}

function cardGroups(column: string, names: readonly (string | null)[], tested: Int32Array): CardGroups {
  const counts = new Map<string, number>()
  let alone = 0
  for (const row of tested) {
    const name = names[row] ?? null
    if (name === null) alone++
    else counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const sizes = [...counts.values(), ...new Array<number>(alone).fill(1)].sort((a, b) => a - b)
  return { column, count: sizes.length, least: sizes[0] ?? 0, median: sizes[Math.floor((sizes.length - 1) / 2)] ?? 0, most: sizes.at(-1) ?? 0 }
}

function cardFolds({ sizes, probes }: ReadProbes): readonly CardFold[] {
  const chosen = probes !== null && probes.strengths.length > 1 ? probes.chosen : null
  return sizes.map((size, fold) => ({ ...size, strength: chosen?.[fold] ?? null }))
}

function classDetail({ actual, predicted, score, confidence }: Extract<HeldOutValues, { kind: 'classes' }>, tested: Int32Array, classes: number): ClassDetail {
  const [truth, guess] = [Int32Array.from(tested, row => actual[row] as number), Int32Array.from(tested, row => predicted[row] as number)]
  const confusion = confusionMatrix(truth, guess, classes)
  if (classes === 2) {
    return { kind: 'classes', confusion, calibration: { of: 'class', ...reliability(Float32Array.from(tested, row => score[row] as number), Uint8Array.from(truth)) } }
  }
  if (confidence === null) return { kind: 'classes', confusion, calibration: null }
  const right = Uint8Array.from(truth, (c, i) => c === guess[i] ? 1 : 0)
  return { kind: 'classes', confusion, calibration: { of: 'prediction', ...reliability(Float32Array.from(tested, row => confidence[row] as number), right) } }
}

function numberDetail({ targets }: Extract<HeldOutValues, { kind: 'numeric' }>, tested: Int32Array): NumberDetail {
  return {
    kind: 'numeric',
    targets: targets.map(({ name, predicted, actual }) => {
      let [squares, x, y, xx, xy] = [0, 0, 0, 0, 0]
      for (const row of tested) {
        squares += ((actual[row] as number) - (predicted[row] as number)) ** 2
        x += (predicted[row] as number) / tested.length
        y += (actual[row] as number) / tested.length
      }
      for (const row of tested) {
        xx += ((predicted[row] as number) - x) ** 2
        xy += ((predicted[row] as number) - x) * ((actual[row] as number) - y)
      }
      const slope = xx > 0 ? xy / xx : null
      return { name, rmse: Math.sqrt(squares / tested.length), slope, intercept: slope === null ? null : y - slope * x }
    })
  }
}

/** Guards of the cell itself; those of the sweep speak of the cell that validation chose. */
function cellCautions({ site, method, measures: [headline], remarks }: SiteResult, { chosen }: SweepSummary): readonly string[] {
  const cautions: string[] = []
  const here = chosen?.site === site && chosen.method === method
  const constant = remarks?.includes('constant') === true
  if (constant) cautions.push('All rows have the same activations at this site, as an embedding has where every text ends in the same token: there is nothing to read, and the score is that of always giving one answer.')
  if (!here && !constant && headline?.value != null && headline.interval !== null) {
    const { name, value, interval, baselines } = headline
    const of = (wanted: string): number | null => baselines.find(baseline => baseline.name === wanted)?.value ?? null
    const [text, trivial] = [of('textOnly'), of('majority') ?? of('mean')]
    if (text !== null && text >= interval.lo) cautions.push(`N-grams of the text alone reach ${writeMeasure(name, text)} where this probe has ${measures[name].phrase} ${writeMeasure(name, value)}: the score does not show that the model represents what is predicted.`)
    if (trivial !== null && trivial >= interval.lo) cautions.push(`This probe is not clearly better than always giving the same answer (${writeMeasure(name, trivial)}).`)
  }
  if (remarks?.includes('separable') === true) cautions.push('A plane separates the training rows of this cell without error: the regularisation alone sets the size of the probe, so read the ranking of its probabilities and not their values.')
  if (remarks?.includes('unfinished') === true) cautions.push('Some fits of this cell stopped at the cap of iterations before they converged.')
  return cautions
}
