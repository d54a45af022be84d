import type { CellCard, Measure, MeasureName, PositionSweep, SiteResult } from '../../../preload/contract'
import { baselineName, measures, methodName, writeBestOfMany, writeMeasure } from '../../../preload/measures'
import { positionName } from '../../../preload/positions'
import { probeMethods } from '../../../preload/probe-methods'
import type { Positions, TextSource } from '../../../preload/recipe'
import type { Manifest } from '../activations/index'
import type { ReadProbes } from '../sessions/index'
import type { FlatteringBest } from './cell-comparison'
import type { FinishedSweep } from './finished-sweep'
import type { HeldOutScore } from './held-out-score'
import { markdownCode as code, markdownText as text } from './literal-text'
import { markdownTable as table } from './markdown-table'
import { positionParts } from './position-parts'
import { codeLengthParts, erasureParts } from './site-analyses'
import { quantity, written } from '../quantity'

export interface CardContent {
  readonly finished: FinishedSweep
  readonly manifest: Manifest
  readonly card: CellCard
  /** Where the cell has the best test score and validation did not choose it. */
  readonly best: FlatteringBest | null
  /** Null where the sweep kept none. */
  readonly kept: ReadProbes | null
  /** What the exported arrays give; null for a method that is not linear, and where none are exported. */
  readonly score: HeldOutScore | null
  /** The run at several positions of its texts; null where it was read at one. */
  readonly positions: readonly PositionSweep[] | null
  /** What lies beside the card. */
  readonly files: { readonly figure: boolean; readonly layers: boolean; readonly arrays: boolean; readonly whole: boolean }
}

/** The methods paragraph with exact settings, the numbers beside their baselines, where the probe errs, cautions and the table of layers, as Markdown. */
export function methodsCard(content: CardContent): string {
  const { card, card: { result, cautions, notes, detail, classes }, files } = content
  return [
    `# Probe report: ${text(methodName(result.method))} at ${code(result.site)}`,
    '## Methods', methodsParagraph(content),
    '## Result', resultParagraph(content), measureTable(result),
    ...result.kind === 'numeric' && result.targets.length > 1 ? [targetTable(result.targets)] : [],
    ...files.figure ? ['![The card\'s figures](card.svg)'] : [],
    ...detail?.kind === 'classes' ? ['## Where it errs', confusionTable(classes, detail.confusion), ...detail.calibration === null ? [] : ['## Calibration', ...calibrationParts(detail.calibration, classes)]] : [],
    ...detail?.kind === 'numeric' ? ['## Errors', errorTable(detail.targets)] : [],
    ...card.codeLength === null ? [] : codeLengthParts(card.codeLength), ...card.erasure === null ? [] : erasureParts(card.erasure),
    '## Cautions', cautions.length === 0 ? 'No guard fired.' : cautions.map(caution => `- ${text(caution)}`).join('\n'), ...notes.length > 0 ? [notes.map(note => `- ${text(note)}`).join('\n')] : [],
    '## Layers', ...files.layers ? ['![Held-out score by layer](layers.svg)'] : [], layerTable(content),
    ...positionsSection(content),
    ...files.whole ? ['## Reproduce', reproduceParagraph(content)] : []
  ].join('\n\n') + '\n'
}

function positionsSection({ positions, manifest, card: { result: { method, measures: [headline] } }, files }: CardContent): readonly string[] {
  return positions === null || headline === undefined ? [] : positionParts(positions, manifest.sites.map(({ name }) => name), method, headline.name, files.whole)
}

/** What picking by test score adds, and what to quote in its place. */
function bestSentence({ sites, chosen }: FinishedSweep['sweep'], { measure, bestOfMany }: FlatteringBest): string {
  return [
    `It has the best test ${measures[measure].phrase} of the ${sites.length} pairs of site and method, and picking by test score flatters.`,
    ...bestOfMany === null ? [] : [writeBestOfMany(bestOfMany)],
    chosen === null ? 'No site was chosen on validation rows.' : `Validation rows chose ${text(methodName(chosen.method))} at ${code(chosen.site)}, whose test ${measures[chosen.measure].phrase} is ${writeMeasure(chosen.measure, chosen.testScore)}.`
  ].join(' ')
}

function confusionTable(classes: readonly string[], confusion: Int32Array): string {
  const rows = classes.map((name, actual) => [code(name), ...classes.map((_, predicted) => String(confusion[actual * classes.length + predicted] ?? 0))])
  return table(['actual \\ predicted', ...classes.map(code)], rows)
}

function calibrationParts({ bins, ece, brier, of }: NonNullable<Extract<CellCard['detail'], { kind: 'classes' }>['calibration']>, classes: readonly string[]): readonly string[] {
  const said = of === 'class' ? `the probability of ${code(classes[1] ?? '')}` : 'the probability of the predicted class'
  return [
    `Expected calibration error ${(ece * 100).toFixed(1)} %, Brier score ${brier.toFixed(3)}, over ${said} in ten bins of equal width.`,
    table(['Bin', 'Rows', 'Said', 'Came true'], bins.map(({ lo, hi, rows, predicted, observed }) => [`${lo.toFixed(1)} to ${hi.toFixed(1)}`, String(rows), predicted?.toFixed(3) ?? '–', observed?.toFixed(3) ?? '–']))
  ]
}

function errorTable(targets: Extract<CellCard['detail'], { kind: 'numeric' }>['targets']): string {
  return table(['Target', 'Root mean squared error', 'Slope of actual on predicted', 'Intercept'], targets.map(({ name, rmse, slope, intercept }) => [
    code(name), short(rmse), slope === null ? '–' : short(slope), intercept === null ? '–' : short(intercept)
  ]))
}

function methodsParagraph({ finished: { roles, plan, sweep, runId }, manifest, card: { result, origin: { version } }, best, kept }: CardContent): string {
  const { model, dataset, extraction, plan: { positions, dtype } } = manifest
  const width = manifest.sites.find(({ name }) => name === result.site)?.width ?? 0
  const chosen = sweep.chosen?.site === result.site && sweep.chosen.method === result.method
  return [
    `Activations of the model ${text(model.name)} (family ${text(model.family)}, content hash ${code(model.hash)}) were read on the dataset ${text(dataset.name)} (content hash ${code(dataset.hash)}).`,
    `${textSentence(manifest.text)} The vector is ${positionPhrase(positions)} at the site ${code(result.site)} (${width} dimensions, stored as ${dtype === 'f16' ? 'float16' : 'float32'}).`,
    `${quantity(extraction.rows, 'row')} and ${quantity(extraction.tokens, 'token')} were read on the provider ${text(extraction.provider)}, ${extraction.skipped.length === 0 ? 'none skipped' : `${written(extraction.skipped.length)} skipped`}, ${extraction.truncated === 0 ? 'none truncated' : `${written(extraction.truncated)} truncated`}.`,
    targetSentence(sweep, [roles.label, ...roles.moreTargets]),
    splitSentence({ roles, plan, sweep }),
    ...kept === null ? [] : [foldSentence(kept)],
    `The method is ${text(methodName(result.method))}. ${strengthSentence(result, kept)}`,
    ...remarkSentence(result),
    `Controls ran on the same folds: ${controlPhrase(result)}. Intervals are 95 % cluster bootstrap intervals over ${roles.group !== null ? 'groups' : result.kind === 'trees' ? 'sentences' : 'rows'}.`,
    `${chosen ? 'Site and method were chosen' : 'This site and method were named by the author of the report, not chosen'} on validation rows${sweep.sites.length > 1 ? ` among ${sweep.sites.length} pairs of site and method` : ''}. ${best === null ? '' : `${bestSentence(sweep, best)} `}The seed is ${plan.seed}.`,
    `Computed with Layerscope ${version}${runId === null ? '' : `, run ${code(runId)}`}.`
  ].join(' ')
}

function textSentence(source: TextSource): string {
  return source.kind === 'column' ? `A row's text is its column ${code(source.column)}.` : `A row's text is the template ${code(source.template)}.`
}

function positionPhrase(positions: Positions): string {
  switch (positions.kind) {
    case 'last': return 'that of the last token'
    case 'first': return 'that of the first token'
    case 'from-end':
    case 'from-start': return `that of the ${positionName(positions)}`
    case 'mean': return 'the mean over the tokens'
    case 'all': return 'that of every token'
    case 'word': return 'the mean over the tokens of the row\'s word'
    case 'span': return `that of the last token of the text in column ${code(positions.column)}`
  }
}

function targetSentence({ task, classes, targets }: FinishedSweep['sweep'], columns: readonly (string | null)[]): string {
  if (task === 'tree') return 'The probe predicts the dependency tree of every sentence.'
  if (targets.length > 0) return `The probe predicts the ${targets.length === 1 ? 'number' : 'numbers'} in ${targets.map(code).join(', ')}.`
  const label = columns.filter(column => column !== null).map(code).join(', ')
  return `The probe predicts ${label} (${task}): ${quantity(classes.length, 'class', 'classes')}${classes.length === 0 ? '' : `, ${classes.map(code).join(', ')}`}.`
}

function splitSentence({ roles, plan, sweep }: Pick<FinishedSweep, 'roles' | 'plan' | 'sweep'>): string {
  if (sweep.task === 'tree') return `Whole sentences were dealt into training, validation and test${roles.test === null ? '' : `; test sentences are those that the column ${code(roles.test)} marks`}.`
  if (roles.test !== null) return `Test rows are those that the column ${code(roles.test)} marks.${roles.group === null ? '' : ` Groups are the values of ${code(roles.group)}.`}`
  if (plan.split === 'leave-one-group-out') return `Every group of ${roles.group === null ? 'rows' : code(roles.group)} was held out by itself (${sweep.folds} folds).`
  return `Rows were dealt into ${sweep.folds} folds, each held out in turn${roles.group === null ? ', without groups' : `; rows that share ${code(roles.group)} stay in one fold`}.`
}

function foldSentence({ sizes }: ReadProbes): string {
  const list = (rows: readonly number[]): string => rows.length > 10 ? `${Math.min(...rows)} to ${Math.max(...rows)}` : rows.join(', ')
  return `By fold, training rows: ${list(sizes.map(({ training }) => training.rows))}; test rows: ${list(sizes.map(({ test }) => test.rows))}; test groups: ${list(sizes.map(({ test }) => test.groups))}.`
}

function remarkSentence({ method }: SiteResult): readonly string[] {
  const remark = probeMethods.find(({ name }) => name === method)?.remark
  return remark == null ? [] : [remark]
}

function strengthSentence({ kind, method, strength }: SiteResult, kept: ReadProbes | null): string {
  if (kind === 'trees') return `Its two matrices, for distances and for depths, have rank ${strength}.`
  const info = probeMethods.find(({ name }) => name === method)
  if (info?.strength === null) return 'It has no strength of regularisation to choose.'
  if (info?.strength === 'epochs') return `It was trained for ${quantity(strength, 'epoch')}, the number that validation rows inside the training folds prefer.`
  const symbol = info?.strength ?? (kind === 'classes' ? 'C' : 'α')
  const strengths = kept?.probes?.strengths
  if (strengths === undefined) return `Its strength is ${symbol} = ${short(strength)}.`
  if (strengths.length < 2) return 'It has no strength of regularisation to choose.'
  return `Its strength was chosen on validation rows inside each training fold from ${strengths.length} values, ${symbol} from ${short(strengths[0] ?? NaN)} to ${short(strengths.at(-1) ?? NaN)}; chosen by fold: ${Array.from(kept?.probes?.chosen ?? [], short).join(', ')}.`
}

function controlPhrase({ measures: [headline] }: SiteResult): string {
  return headline?.baselines.map(({ name }) => baselineName(name, headline.name)).join(', ') || 'none'
}

function resultParagraph({ card: { result: { measures: [headline] }, rows: tested, cells }, best }: CardContent): string {
  if (headline === undefined) return 'The sweep holds no measure here.'
  const against = headline.baselines.map(({ name, value }) => `${baselineName(name, headline.name)} ${writeMeasure(headline.name, value)}`).join(', ')
  const many = cells > 1 ? ` ${cells} pairs of site and method were compared${best === null ? '' : ', and this is the best of them by test score, which flatters (see Methods)'}.` : ''
  return `The ${measures[headline.name].phrase} is **${writeMeasure(headline.name, headline.value)}**${intervalText(headline)} on ${quantity(tested, 'held-out row')}${against === '' ? '' : `, against ${against}`}.${many}`
}

function intervalText({ name, interval }: Measure): string {
  return interval === null ? '' : ` (95 % interval ${writeMeasure(name, interval.lo)} to ${writeMeasure(name, interval.hi)})`
}

function intervalCell(name: MeasureName, interval: Measure['interval']): string {
  return interval === null ? '–' : `${writeMeasure(name, interval.lo)} to ${writeMeasure(name, interval.hi)}`
}

function measureTable({ measures: all }: SiteResult): string {
  const baselines = [...new Set(all.flatMap(measure => measure.baselines.map(({ name }) => name)))]
  return table(['Measure', 'Value', '95 % interval', ...baselines.map(name => baselineName(name, all[0]?.name ?? 'accuracy'))], all.map(({ name, value, interval, baselines: own }) => [
    measures[name].label, writeMeasure(name, value), intervalCell(name, interval),
    ...baselines.map(baseline => writeMeasure(name, own.find(candidate => candidate.name === baseline)?.value ?? null))
  ]))
}

function targetTable(targets: readonly { readonly name: string; readonly r2: number; readonly r2Interval: { readonly lo: number; readonly hi: number }; readonly spearman: number | null; readonly meanAbsoluteError: number }[]): string {
  return table(['Target', 'R²', '95 % interval', 'Spearman ρ', 'Mean absolute error'], targets.map(({ name, r2, r2Interval, spearman, meanAbsoluteError }) => [
    code(name), writeMeasure('r2', r2), intervalCell('r2', r2Interval), writeMeasure('spearman', spearman), short(meanAbsoluteError)
  ]))
}

/** The method at every site; the reported one in bold. */
function layerTable({ finished: { sweep }, card: { result } }: CardContent): string {
  const rows = sweep.sites.filter(({ method }) => method === result.method)
  const names = result.measures.map(({ name }) => name)
  const [first] = names
  return table(['Site', ...names.map(name => measures[name].label), '95 % interval', 'Strength'], rows.map(row => {
    const measure = (name: MeasureName | undefined): Measure | undefined => row.measures.find(candidate => candidate.name === name)
    const site = code(row.site)
    return [
      row.site === result.site ? `**${site}**` : site, ...names.map(name => writeMeasure(name, measure(name)?.value ?? null)),
      first === undefined ? '–' : intervalCell(first, measure(first)?.interval ?? null), short(row.strength)
    ]
  }))
}

function reproduceParagraph({ score, card: { result } }: CardContent): string {
  if (result.kind === 'trees') return 'The matrices lie in `probes.safetensors` beside the activations; the score is not computed again here.'
  if (score === null) return `No linear probe was kept for ${text(methodName(result.method))}, so there are no arrays to compute the score from again.`
  const boundary = score.kind === 'accuracy' && score.differing > 0
    ? ` The run multiplies in float32; computed in float64, ${quantity(score.differing, 'row')} on the boundary ${score.differing === 1 ? 'is' : 'are'} predicted otherwise, and the accuracy is ${score.value}.`
    : ''
  return `\`python reproduce.py\` (numpy and safetensors) computes the score from \`direction.safetensors\` and \`activations.safetensors\` and compares it with the one stated here.${boundary}`
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}
