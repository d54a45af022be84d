import { basename, resolve } from 'node:path'
import type { TransferCell } from '../../../preload/contract'
import { methodName } from '../../../preload/measures'
import { probePlanSchema } from '../../../preload/recipe'
import { openStore, type ActivationStore } from '../../engine/activations/index'
import { LayerscopeError } from '../../engine/errors'
import type { HeldOut } from '../../engine/probes/index'
import { contrastColumns, probeStore } from '../../engine/run'
import { transferAmong, transferObstacle, type SweptRun } from '../../engine/run-analyses'
import { matchSites } from '../sites'
import { printable, table, type Terminal } from '../terminal'

export interface TransferOptions {
  readonly label: string
  readonly group?: string
  readonly method: string
  readonly sites?: string
  readonly folds: number
  readonly strengths: number
  readonly seed: number
  readonly test?: string
  readonly pair?: string
  readonly polarity?: string
  readonly topic?: string
}

/** Trains on the activations of each folder and tests on those of every other, site by site. */
export async function transfer(folders: readonly string[], options: TransferOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  const stores: ActivationStore[] = []
  try {
    for (const folder of folders) stores.push(await openStore(folder))
    const common = (stores[0]?.sites ?? []).filter(site => stores.every(store => store.sites.includes(site)))
    const sites = options.sites === undefined ? common : matchSites(common, options.sites)
    const runs: SweptRun[] = []
    for (const [index, store] of stores.entries()) runs.push(await sweepOf(store, nameOf(folders, index), sites, options, terminal, signal))
    for (const [index, run] of runs.entries()) {
      const obstacle = transferObstacle(runs[0] as SweptRun, run, sites[0] ?? '', options.method)
      if (obstacle !== null) {
        throw new LayerscopeError({ code: 'runs-differ', message: `${folders[index] ?? ''} cannot be compared with ${folders[0] ?? ''}: ${obstacle}.`, file: folders[index] ?? '', hint: 'Transfer needs activations of one model, the same sites and the same classes.' })
      }
    }
    const results: { readonly site: string; readonly cells: readonly (TransferCell | null)[] }[] = []
    for (const site of sites) {
      terminal.progress(`transfer at ${site}`)
      results.push({ site, cells: (await transferAmong(runs, site, options.method, { signal })).cells })
    }
    const names = runs.map(({ dataset }) => dataset)
    terminal.result({
      method: options.method, runs: folders.map((folder, i) => ({ folder, name: names[i] })), classes: runs[0]?.classes,
      sites: results.map(({ site, cells }) => ({ site, cells: names.map((_, row) => cells.slice(row * names.length, (row + 1) * names.length).map(document)) })),
      seconds: (performance.now() - began) / 1000
    })
    printMatrices(results, runs, names, options.method, terminal)
  } finally {
    for (const store of stores) await store.close()
  }
}

/** Where many sites were asked for, the one whose probes do best on validation rows over all runs is printed. */
function printMatrices(
  results: readonly { readonly site: string; readonly cells: readonly (TransferCell | null)[] }[], runs: readonly SweptRun[], names: readonly string[], method: string, terminal: Terminal
): void {
  const validation = (site: string): number => runs.reduce((sum, run) => sum + (run.result(site, method)?.validationScore ?? 0), 0)
  const best = results.reduce<typeof results[number] | null>((kept, own) => kept !== null && validation(kept.site) >= validation(own.site) ? kept : own, null)
  for (const { site, cells } of results.length > 3 ? best === null ? [] : [best] : results) {
    terminal.print(`\n${site} (${method}): rows train, columns test`)
    const rows = names.map((name, row) => [printable(name), ...names.map((_, column) => {
      const cell = cells[row * names.length + column]
      return cell ? `${cell.accuracy.toFixed(3)} [${cell.interval.lo.toFixed(3)}, ${cell.interval.hi.toFixed(3)}]` : 'no rows'
    })])
    terminal.print(table(['', ...names.map(printable)], rows, `l${'r'.repeat(names.length)}`))
    for (const [at, cell] of cells.entries()) {
      if (!cell || cell.dropped === 0) continue
      terminal.warn(`${names[Math.floor(at / names.length)] ?? ''} → ${names[at % names.length] ?? ''}: ${cell.dropped} rows of groups that are in training were not tested.`)
    }
  }
  if (results.length > 3) terminal.print(`\nThe site with the best validation score over all runs; --json holds all ${results.length}.`)
}

function document(cell: TransferCell | null): unknown {
  return cell && { ...cell, interval: [cell.interval.lo, cell.interval.hi] }
}

/** A folder by its last part, longer where two share it. */
function nameOf(folders: readonly string[], index: number): string {
  const name = (folder: string | undefined): string => basename(resolve(folder ?? ''))
  const own = name(folders[index])
  return folders.filter(folder => name(folder) === own).length > 1 ? `${own} (${index + 1})` : own
}

async function sweepOf(store: ActivationStore, name: string, sites: readonly string[], options: TransferOptions, terminal: Terminal, signal: AbortSignal): Promise<SweptRun> {
  const { label, method, folds, strengths, seed } = options
  const group = await groupOf(store, options.group ?? null, name, terminal)
  const held = new Map<string, HeldOut>()
  const contrast = { pair: options.pair ?? null, polarity: options.polarity ?? null, topic: options.topic ?? null }
  const { summary, actual, fold } = await probeStore(store, { label, group, test: options.test ?? null, moreTargets: [], ...contrast }, probePlanSchema.parse({ task: 'classes', methods: [method], folds, strengths, seed }), {
    signal,
    onSite(result, values, done, total) {
      held.set(result.site, values)
      terminal.progress(`${name}: ${done} of ${total} probes`)
    }
  }, sites)
  for (const warning of summary.warnings) terminal.warn(`${name}: ${warning}`)
  const codes = actual.kind === 'classes' ? actual.codes : null
  return {
    runId: name, dataset: name, modelHash: store.manifest.model.hash, classes: summary.classes, store, group, seed,
    methodAt: () => method,
    result: site => summary.sites.find(result => result.site === site) ?? null,
    async probed(site) {
      const probes = held.get(site)?.probes
      if (!probes || codes === null) throw new LayerscopeError({ code: 'method-not-linear', message: `The method ${methodName(method)} keeps no linear probe, and transfer carries one over.`, field: 'method', hint: 'Use logistic, or another linear method.' })
      const { path } = await store.storedSite(site)
      return { site, path, codes, classes: summary.classes.length, fold, folds: probes.folds, strengths: probes.chosen, weights: probes.weights, intercepts: probes.intercepts, contrast: await contrastColumns(store, contrast) }
    }
  }
}

/** The group column where the dataset has it: datasets of one matrix need not have the same columns. */
async function groupOf(store: ActivationStore, group: string | null, name: string, terminal: Terminal): Promise<string | null> {
  if (group === null) return null
  try {
    await store.textColumn(group)
    return group
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.report.code !== 'column-unknown') throw error
    terminal.warn(`${name} has no column ${group}: its rows are split one by one, and compared with the others by their texts.`)
    return null
  }
}
