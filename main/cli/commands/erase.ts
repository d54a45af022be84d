import type { ErasedScore, Erasure, Interval } from '../../../preload/contract'
import { erasureAt } from '../../engine/run-sites'
import { askSweptSites, type SweptSitesOptions } from '../swept-sites'
import { table, type Terminal } from '../terminal'

export interface EraseOptions extends SweptSitesOptions {
  readonly iterations: number
}

/** Takes the label of a finished sweep out of a site, and says what a fresh probe still finds; kept beside the sweep, where its report finds it. */
export async function eraseLabel(folder: string, { iterations, ...options }: EraseOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { results, seconds } = await askSweptSites<Erasure>(folder, options, terminal, signal, (swept, site, watch) => erasureAt(swept, site, iterations, watch))
  terminal.result({ sites: results.map(document), seconds })
  for (const { site, rows, majority, before, leace, inlp, reached, shuffled } of results) {
    terminal.print(`\n${site}: logistic probe on ${rows} held-out rows, majority class ${majority.toFixed(3)}`)
    terminal.print(table(['', 'directions', 'accuracy', '95 % interval', 'variance'], [
      ['before', '', before.accuracy.toFixed(3), interval(before.interval), ''],
      ['LEACE', ...written(leace)], ['  shuffled labels', ...written(shuffled.leace)],
      ...inlp.map((score, k) => [`INLP ${k + 1}`, ...written(score)]), ['  shuffled labels', ...written(shuffled.inlp)]
    ], 'lrrlr'))
    if (!reached) terminal.print(`After ${inlp.length} projections the accuracy is still above the majority class; --iterations allows more.`)
  }
}

function written({ directions, accuracy, interval: own, variance }: ErasedScore): readonly string[] {
  return [String(Math.round(directions * 10) / 10), accuracy.toFixed(3), interval(own), percent(variance)]
}

function interval({ lo, hi }: Interval): string {
  return `[${lo.toFixed(3)}, ${hi.toFixed(3)}]`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** Intervals as pairs. */
function document({ before, leace, inlp, shuffled, ...rest }: Erasure): unknown {
  const paired = <T extends { readonly interval: Interval }>({ interval: { lo, hi }, ...score }: T): object => ({ ...score, interval: [lo, hi] })
  return { ...rest, before: paired(before), leace: paired(leace), inlp: inlp.map(paired), shuffled: { leace: paired(shuffled.leace), inlp: paired(shuffled.inlp) } }
}
