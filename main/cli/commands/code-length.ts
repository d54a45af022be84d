import type { CodeLength, OnlineCode } from '../../../preload/contract'
import { writeMeasure } from '../../../preload/measures'
import { openStore } from '../../engine/activations/index'
import { openFinishedSweep } from '../../engine/report/index'
import { codeLengthAt } from '../../engine/run-sites'
import { sweptSites } from '../sites'
import { table, type Terminal } from '../terminal'

export interface CodeLengthOptions {
  readonly run?: string
  readonly sites?: string
}

/** The online code of a finished sweep's labels, site by site; kept beside the sweep, where its report finds it. */
export async function codeLength(folder: string, { run, sites: patterns }: CodeLengthOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  const finished = await openFinishedSweep(folder, run ?? null)
  const store = await openStore(finished.folder)
  try {
    const results: CodeLength[] = []
    const sites = sweptSites(finished.sweep, patterns)
    for (const [at, site] of sites.entries()) {
      results.push(await codeLengthAt({ finished, store }, site, {
        signal, onProgress(done, total) { terminal.progress(`${at + 1} of ${sites.length}: ${site} ${Math.floor(100 * done / total)} %`) }
      }))
    }
    terminal.result({ sites: results, seconds: (performance.now() - began) / 1000 })
    const [first] = results
    if (first === undefined) return
    terminal.print(`online code of ${first.rows} labels of ${first.classes} classes in ${first.ends.length} blocks, logistic probe; uniform code ${kilobits(first.uniform)} kbit`)
    const others = first.controlTask === null ? [] : ['control task']
    terminal.print(table(
      ['site', 'kbit', 'compression', 'C', ...['shuffled', ...others].flatMap(name => [`${name} kbit`, 'compression'])],
      results.map(({ site, labels, shuffled, controlTask }) => [site, ...written(labels), String(Number(labels.strength.toPrecision(3))), ...written(shuffled), ...controlTask === null ? [] : written(controlTask)]),
      `l${'r'.repeat(5 + 2 * others.length)}`
    ))
  } finally {
    await store.close()
  }
}

function written({ bits, compression }: OnlineCode): readonly [string, string] {
  return [kilobits(bits), writeMeasure('compression', compression)]
}

function kilobits(bits: number): string {
  return (bits / 1000).toFixed(3)
}
