import { classMeasures } from '../../../main/engine/probes/site-scores'
import type { ClassifiedSite, ProbeControls, ProbeMetrics, SweepSummary } from '../../../preload/contract'

/** A sweep over a model of `blocks` blocks whose accuracies are given by depth. */
export function sampleSweep(accuracies: readonly number[], chosen: number): Omit<SweepSummary, 'sites'> & { readonly sites: readonly ClassifiedSite[] } {
  const sites = accuracies.map((accuracy, i): ClassifiedSite => {
    const metrics: ProbeMetrics = {
      accuracy, balancedAccuracy: accuracy, auroc: Math.min(1, accuracy + 0.04), logLoss: 0.4,
      interval: { lo: accuracy - 0.026, hi: Math.min(1, accuracy + 0.022) }, aurocInterval: { lo: accuracy + 0.01, hi: Math.min(1, accuracy + 0.06) }
    }
    const controls: ProbeControls = { shuffled: 0.5 + 0.02 * Math.sin(i), textOnly: 0.578, majority: 0.5 }
    const aurocControls = { shuffled: 0.49, textOnly: 0.6 }
    return {
      site: i === 0 ? 'hook_embed' : i === accuracies.length - 1 ? 'ln_final.hook_normalized' : `blocks.${i - 1}.hook_resid_post`,
      kind: 'classes', method: 'logistic', measures: classMeasures(metrics, controls, aurocControls, 2), metrics, controls, aurocControls,
      validationScore: accuracy, strength: 1, seconds: 0.2
    }
  })
  const best = sites[chosen]
  return {
    task: 'binary', classes: ['false', 'true'], targets: [], coordinates: null, folds: 5, sites, warnings: [], seconds: 2,
    chosen: best === undefined ? null : { site: best.site, method: 'logistic', measure: 'accuracy', testScore: best.metrics.accuracy, interval: best.metrics.interval }
  }
}
