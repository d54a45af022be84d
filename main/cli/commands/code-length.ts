import type { CodeLength, OnlineCode } from '../../../preload/contract'
import { writeMeasure } from '../../../preload/measures'
import { codeLengthAt } from '../../engine/run-sites'
import { askSweptSites, type SweptSitesOptions } from '../swept-sites'
import { table, type Terminal } from '../terminal'

/** The online code of a finished sweep's labels, site by site; kept beside the sweep, where its report finds it. */
export async function codeLength(folder: string, options: SweptSitesOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { results, seconds } = await askSweptSites<CodeLength>(folder, options, terminal, signal, codeLengthAt)
  terminal.result({ sites: results, seconds })
  const [first] = results
  if (first === undefined) return
  terminal.print(`online code of ${first.rows} labels of ${first.classes} classes in ${first.ends.length} blocks, logistic probe; uniform code ${kilobits(first.uniform)} kbit`)
  const others = first.controlTask === null ? [] : ['control task']
  terminal.print(table(
    ['site', 'kbit', 'compression', 'C', ...['shuffled', ...others].flatMap(name => [`${name} kbit`, 'compression'])],
    results.map(({ site, labels, shuffled, controlTask }) => [site, ...written(labels), String(Number(labels.strength.toPrecision(3))), ...written(shuffled), ...controlTask === null ? [] : written(controlTask)]),
    `l${'r'.repeat(5 + 2 * others.length)}`
  ))
}

function written({ bits, compression }: OnlineCode): readonly [string, string] {
  return [kilobits(bits), writeMeasure('compression', compression)]
}

function kilobits(bits: number): string {
  return (bits / 1000).toFixed(3)
}
