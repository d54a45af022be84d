import type { RunSummary, SimilarityResult, TransferResult } from '../../preload/contract'
import { methodName } from '../../preload/measures'
import { formatPercent } from '../components'
import { siteName, siteTick } from '../layers'
import type { HeatMapData } from '../plots'
import type { CheckpointGrid } from './checkpoints'

const two = (value: number): string => value.toFixed(2).replace(/^0/, '')

/** A run by its dataset, told apart by positions and number where two share it. */
export function runNames(runs: readonly { readonly runId: string; readonly dataset: string }[]): readonly string[] {
  return runs.map(({ runId, dataset }) => {
    const name = dataset.replace(/\.\w+$/, '')
    return runs.filter((other) => other.dataset === dataset).length > 1 ? `${name} (${runId.replace('run-', 'run ')})` : name
  })
}

export function transferMap({ site, method, runs, cells }: TransferResult, model: string): HeatMapData {
  const names = runNames(runs)
  const least = Math.min(0.5, ...cells.map((cell) => cell?.accuracy ?? 1))
  return {
    title: `Transfer of the ${methodName(method)} probe at ${siteName(site)} of ${model}`, valueName: 'accuracy',
    rows: { title: 'trained on', labels: names }, columns: { title: 'tested on', labels: names },
    values: cells.map((cell) => cell?.accuracy ?? null), range: [Math.floor(least * 10) / 10, 1],
    write: formatPercent, writeShort: (value) => (value * 100).toFixed(1)
  }
}

export function similarityMap({ sites, otherSites, values, rows }: SimilarityResult, first: RunSummary, other: RunSummary | null): HeatMapData {
  const axis = (title: string, own: readonly string[]): HeatMapData['rows'] => ({ title, labels: own.map(siteTick), names: own.map(siteName) })
  return {
    title: `Linear CKA over ${rows.toLocaleString('en-US')} rows of ${first.dataset.name}, ${other ? `${first.model.name} and ${other.model.name}` : `layers of ${first.model.name}`}`, valueName: 'CKA',
    rows: axis(other ? `layer of ${first.model.name}` : 'layer', sites), columns: axis(other ? `layer of ${other.model.name}` : 'layer', otherSites),
    values: [...values].map((value) => Number.isNaN(value) ? null : value), range: [0, 1], write: (value) => value.toFixed(3), writeShort: two
  }
}

export function checkpointMap({ runs, sites, method, measure, values }: CheckpointGrid): HeatMapData {
  const known = values.filter((value) => value !== null)
  const share = measure === 'accuracy' || measure === 'balancedAccuracy'
  return {
    title: `${share ? 'Accuracy' : measure} of the ${method} probe by checkpoint and layer`, valueName: measure,
    rows: { title: 'checkpoint', labels: runs.map(({ model }) => model.name) }, columns: { title: 'layer', labels: sites.map(siteTick), names: sites.map(siteName) },
    values, range: [Math.min(share ? 0.5 : 0, ...known), share ? 1 : Math.max(1e-9, ...known)],
    write: share ? formatPercent : (value) => value.toFixed(3), writeShort: share ? (value) => (value * 100).toFixed(0) : two
  }
}
