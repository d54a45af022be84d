import type { SiteResult, SweepSummary } from '../../preload/contract'
import { table } from './terminal'

/** The layer table: every site's accuracy with its interval, beside its controls. The chosen site is marked. */
export function sweepTable(sweep: SweepSummary): string {
  const methods = new Set(sweep.sites.map(({ method }) => method)).size > 1
  const rows = sweep.sites.map(result => {
    const chosen = sweep.chosen?.site === result.site && sweep.chosen.method === result.method
    return [chosen ? '›' : ' ', result.site, ...(methods ? [result.method] : []), ...cells(result)]
  })
  const header = ['', 'site', ...(methods ? ['method'] : []), 'accuracy', '95 % interval', 'AUROC', 'shuffled', 'text only', 'majority']
  const lines = [table(header, rows, methods ? 'lllrlrrrr' : 'llrlrrrr')]
  if (sweep.chosen !== null) {
    const { site, method, testScore, interval } = sweep.chosen
    lines.push('', `› ${site} (${method}) was chosen on validation rows: test accuracy ${decimal(testScore)} [${decimal(interval.lo)}, ${decimal(interval.hi)}]`)
  }
  return lines.join('\n')
}

function cells({ metrics, controls }: SiteResult): readonly string[] {
  return [
    decimal(metrics.accuracy), `[${decimal(metrics.interval.lo)}, ${decimal(metrics.interval.hi)}]`, metrics.auroc === null ? '' : decimal(metrics.auroc),
    decimal(controls.shuffled), decimal(controls.textOnly), decimal(controls.majority)
  ]
}

function decimal(value: number): string {
  return value.toFixed(3)
}

/** The sweep as `--json` prints it: intervals are pairs. */
export function sweepDocument(sweep: SweepSummary): unknown {
  const { task, classes, folds, chosen, warnings, seconds } = sweep
  return {
    task,
    sites: sweep.sites.map(({ site, method, metrics, controls, aurocControls, measures, strength, validationScore, seconds: siteSeconds }) => ({
      site, method, measures,
      metrics: {
        ...metrics, interval: [metrics.interval.lo, metrics.interval.hi],
        aurocInterval: metrics.aurocInterval === null ? null : [metrics.aurocInterval.lo, metrics.aurocInterval.hi]
      },
      controls, aurocControls, strength, validationScore, seconds: siteSeconds
    })),
    chosen: chosen === null ? null : { site: chosen.site, method: chosen.method, testAccuracy: chosen.testScore, measure: chosen.measure, interval: [chosen.interval.lo, chosen.interval.hi] },
    warnings, seconds, classes, folds
  }
}
