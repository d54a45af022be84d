import type { BaselineName, Measure, MeasureName, SiteResult, SweepSummary } from '../../preload/contract'
import { methodName, writeBestOfMany, writeMeasure } from '../../preload/measures'
import type { FlatteringBest } from '../engine/report/index'
import { table } from './terminal'

const measureNames: Readonly<Record<MeasureName, string>> = {
  accuracy: 'accuracy', auroc: 'AUROC', balancedAccuracy: 'balanced', selectivity: 'selectivity', compression: 'compression',
  r2: 'R²', spearman: 'Spearman', greatCircleKm: 'error km', proximityError: 'proximity error',
  uuas: 'UUAS', distanceSpearman: 'DSpr', rootAccuracy: 'root', depthSpearman: 'NSpr'
}
const baselineNames: Readonly<Record<BaselineName, string>> = {
  shuffled: 'shuffled', textOnly: 'text only', majority: 'majority', chance: 'chance', mean: 'mean', controlTask: 'control task', linearTree: 'linear tree'
}

/** The layer table: every site's headline measure with its interval, its other measures, and what the headline is to be read against. The chosen site is marked. */
export function sweepTable(sweep: SweepSummary, best: FlatteringBest | null): string {
  const severalMethods = new Set(sweep.sites.map(({ method }) => method)).size > 1
  const [first, ...others] = sweep.sites[0]?.measures ?? []
  const baselines = [...first?.baselines ?? []].sort((a, b) => baselineOrder.indexOf(a.name) - baselineOrder.indexOf(b.name))
  const rows = sweep.sites.map(result => {
    const chosen = sweep.chosen?.site === result.site && sweep.chosen.method === result.method
    const [headline] = result.measures
    return [
      chosen ? '›' : ' ', result.site, ...(severalMethods ? [result.method] : []),
      written(headline), headline?.interval == null ? '' : `[${valueText(headline.name, headline.interval.lo)}, ${valueText(headline.name, headline.interval.hi)}]`,
      ...others.map(({ name }) => written(result.measures.find(measure => measure.name === name))),
      ...baselines.map(({ name }) => decimal(headline?.baselines.find(baseline => baseline.name === name)?.value ?? NaN))
    ]
  })
  const numbers = ['95 % interval', ...others.map(({ name }) => measureNames[name]), ...baselines.map(({ name }) => baselineNames[name])]
  const header = ['', 'site', ...(severalMethods ? ['method'] : []), first === undefined ? '' : measureNames[first.name], ...numbers]
  const lines = [table(header, rows, `${severalMethods ? 'lll' : 'll'}r${numbers.map((_, i) => i === 0 ? 'l' : 'r').join('')}`)]
  if (sweep.chosen !== null) {
    const { site, method, measure, testScore, interval } = sweep.chosen
    lines.push('', `› ${site} (${method}) was chosen on validation rows: test ${measureNames[measure]} ${valueText(measure, testScore)} [${valueText(measure, interval.lo)}, ${valueText(measure, interval.hi)}]`)
  }
  if (best !== null) lines.push('', bestSentence(sweep, best))
  if (sweep.notes !== undefined && sweep.notes.length > 0) lines.push('', ...sweep.notes)
  return lines.join('\n')
}

/** The score of the table that a reader would quote first, and why not to. */
function bestSentence({ sites, chosen }: SweepSummary, { result, measure, bestOfMany }: FlatteringBest): string {
  const value = writeMeasure(measure, result.measures.find(({ name }) => name === measure)?.value ?? null)
  return [
    `${value} (${methodName(result.method)} at ${result.site}) is the best test ${measureNames[measure]} of ${sites.length}, and picking by test score flatters.`,
    ...bestOfMany === null ? [] : [writeBestOfMany(bestOfMany)],
    chosen === null ? 'No site was chosen on validation rows.' : 'Quote the one that validation rows chose.'
  ].join(' ')
}

const baselineOrder: readonly BaselineName[] = ['shuffled', 'textOnly', 'majority', 'mean', 'chance', 'controlTask', 'linearTree']

/** The headline measure of a result in a few characters, for a line of progress. */
export function headline({ measures: [first] }: SiteResult): string {
  return first === undefined ? '' : `${measureNames[first.name]} ${written(first)}`
}

function written(measure: Measure | undefined): string {
  return measure?.value == null ? '' : valueText(measure.name, measure.value)
}

function valueText(name: MeasureName, value: number): string {
  return name === 'greatCircleKm' ? value.toFixed(0) : decimal(value)
}

function decimal(value: number): string {
  return value.toFixed(3)
}

/** The sweep as `--json` prints it: intervals are pairs. `best` where it was looked for. */
export function sweepDocument(sweep: SweepSummary, best?: FlatteringBest | null): unknown {
  const { task, classes, targets, coordinates, folds, chosen, warnings, notes = [], seconds } = sweep
  return {
    task,
    sites: sweep.sites.map(result => {
      if (result.kind === 'classes') {
        const { metrics, ...rest } = result
        return { ...rest, metrics: { ...metrics, interval: pair(metrics.interval), aurocInterval: pair(metrics.aurocInterval) } }
      }
      if (result.kind === 'trees') return result
      return { ...result, targets: result.targets.map(target => ({ ...target, r2Interval: pair(target.r2Interval), spearmanInterval: pair(target.spearmanInterval) })) }
    }),
    chosen: chosen === null ? null : {
      site: chosen.site, method: chosen.method, measure: chosen.measure, testScore: chosen.testScore,
      ...(chosen.measure === 'accuracy' ? { testAccuracy: chosen.testScore } : {}), interval: pair(chosen.interval)
    },
    ...best === undefined ? {} : { bestOfMany: best?.bestOfMany ?? null }, warnings, notes, seconds, folds, ...(targets.length > 0 ? { targets, coordinates } : { classes })
  }
}

function pair(interval: { readonly lo: number; readonly hi: number } | null): readonly [number, number] | null {
  return interval === null ? null : [interval.lo, interval.hi]
}
