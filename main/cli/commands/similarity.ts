import { openStore } from '../../engine/activations/index'
import { similarityOf } from '../../engine/run-analyses'
import { matchSites } from '../sites'
import { table, type Terminal } from '../terminal'

export interface SimilarityOptions { readonly sites?: string }

/** Linear CKA between the sites of one folder of activations, or between those of two over the same dataset. */
export async function similarity(folder: string, other: string | undefined, options: SimilarityOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  const first = await openStore(folder)
  try {
    const second = other === undefined ? null : await openStore(other)
    try {
      const asked = (sites: readonly string[]): readonly string[] => options.sites === undefined ? sites : matchSites(sites, options.sites)
      const result = await similarityOf(
        { store: first, datasetHash: first.manifest.dataset.hash }, second && { store: second, datasetHash: second.manifest.dataset.hash },
        asked(first.sites), asked(second?.sites ?? []), { signal, onProgress(done, total) { terminal.progress(`similarity: ${done} of ${total}`) } }
      )
      const { rows, sites, otherSites, values } = result
      const at = (row: number, column: number): number => values[row * otherSites.length + column] as number
      terminal.result({
        rows, sites, otherSites, values: sites.map((_, row) => otherSites.map((__, column) => Number.isNaN(at(row, column)) ? null : at(row, column))),
        seconds: (performance.now() - began) / 1000
      })
      terminal.print(`Linear CKA over ${rows} rows`)
      // Columns are numbered: names of sites would be wider than any terminal.
      terminal.print(table(['', '', ...otherSites.map((_, column) => String(column))], sites.map((site, row) => [
        second === null ? String(row) : '', site, ...otherSites.map((_, column) => at(row, column).toFixed(2).replace(/^0/, ''))
      ]), `rl${'r'.repeat(otherSites.length)}`))
      if (second !== null) otherSites.forEach((site, column) => { terminal.print(`${column}  ${site}`) })
    } finally {
      await second?.close()
    }
  } finally {
    await first.close()
  }
}
