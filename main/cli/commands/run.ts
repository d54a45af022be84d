import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { ProjectionResult, RunEvent, RunSummary } from '../../../preload/contract'
import type { Positions, Recipe } from '../../../preload/recipe'
import { openDataset, type OpenDataset } from '../../engine/datasets/index'
import { openModel, type OpenModel } from '../../engine/models/index'
import { projectRun } from '../../engine/project'
import { flatteringBest, sweepOfRun } from '../../engine/report/index'
import { executeRun } from '../../engine/run'
import { readPositions } from '../../engine/run-positions'
import { readRecipe, Session, SESSION_ENDING, type RunFolder } from '../../engine/sessions/index'
import { leftOut } from '../dataset-problems'
import { writeFigures } from '../figures'
import { headline, sweepDocument, sweepTable } from '../sweep-table'
import { duration, printable, type Terminal } from '../terminal'
import { progressLine } from './extract'
import { positionsDocument, printPositions, tellPositions } from './positions'

export interface RunOptions {
  readonly out?: string
  readonly projections: 'chosen' | 'all' | 'none'
  readonly positions?: readonly Positions[]
}

/** Everything a recipe asks for, into a session's folder: activations, probes with controls, projections, figures. Taken up where an earlier call stopped. */
export async function run(recipePath: string, options: RunOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const recipe = await readRecipe(recipePath)
  const folder = resolve(options.out ?? sessionName(recipePath))
  const warnings: string[] = []
  const warn = (sentence: string): void => {
    if (warnings.includes(sentence)) return
    warnings.push(sentence)
    terminal.warn(sentence)
  }
  const dataset = await openDataset(recipe.dataset.path, recipe.dataset.read)
  try {
    const model = await openModel(recipe.model.path, { provider: recipe.extraction.provider, signal, onStage(stage) { terminal.stage(stage) } })
    try {
      warnAboutInputs(recipe, model, dataset, warn)
      await mkdir(dirname(folder), { recursive: true })
      const session = existsSync(join(folder, 'session.json')) ? await Session.open(folder, null) : await Session.createAt(folder)
      try {
        session.update({
          model: { path: recipe.model.path, name: model.summary.name, hash: model.summary.hash },
          dataset: { path: recipe.dataset.path, name: dataset.summary.name, hash: dataset.summary.hash, read: recipe.dataset.read },
          roles: recipe.dataset.roles, extraction: recipe.extraction, probe: recipe.probe, projection: recipe.projection
        })
        await runSession({ session, model, dataset, recipe, folder, options, warn, warnings }, terminal, signal)
      } finally {
        await session.close('keep')
      }
    } finally {
      await model.close()
    }
  } finally {
    await dataset.close()
  }
}

interface Job {
  readonly session: Session
  readonly model: OpenModel
  readonly dataset: OpenDataset
  readonly recipe: Recipe
  readonly folder: string
  readonly options: RunOptions
  readonly warnings: readonly string[]
  warn(sentence: string): void
}

async function runSession({ session, model, dataset, recipe, folder, options, warn, warnings }: Job, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const summary = await executeRun({
    session, model, dataset, roles: recipe.dataset.roles, extraction: recipe.extraction, probe: recipe.probe, signal,
    onEvent(event) { tell(event, terminal, warn) }
  })
  const stored = session.run(summary.runId)
  const best = summary.sweep === null ? null : await flatteringBest({ finished: sweepOfRun(stored), store: await stored.activations() }, signal)
  const projections = await project(stored, summary, recipe, options, terminal, signal)
  const positions = options.positions === undefined ? null : await readPositions({
    session, run: stored, model, dataset, positions: options.positions, signal, onEvent(event) { tellPositions(event, terminal) }
  })
  terminal.stage('drawing figures…')
  const figures = await writeFigures(stored, projections, { label: recipe.dataset.roles.label, title: basename(folder, SESSION_ENDING) })
  const { sessionId: _handle, ...state } = session.state
  terminal.result({
    ...state, path: folder,
    run: { ...summary, sweep: summary.sweep === null ? null : sweepDocument(summary.sweep, best) },
    projections: projections.map(({ site, method, rows, trustworthiness, explained, seconds }) => ({ site, method, rows: rows.length, trustworthiness, explained, seconds })),
    figures, ...positions === null ? {} : positionsDocument(positions), warnings
  })
  const { extraction, sweep } = summary
  if (extraction !== null) {
    terminal.print(`${printable(summary.model.name)} on ${printable(summary.dataset.name)}: ${extraction.rows} rows at ${extraction.sites.length} sites, extracted in ${duration(extraction.seconds)} (${extraction.rowsPerSecond.toFixed(0)} rows/s)`)
    if (extraction.skipped.length > 0) terminal.print(`${extraction.skipped.length} rows were skipped; the first, row ${(extraction.skipped[0]?.row ?? 0) + 1}: ${printable(extraction.skipped[0]?.reason ?? '')}`)
  }
  if (sweep !== null) terminal.print(`\n${sweepTable(sweep, best)}`)
  if (positions !== null) printPositions(positions, stored, undefined, terminal)
  terminal.print()
  for (const { site, method, trustworthiness, seconds } of projections) {
    terminal.print(`${method} at ${site} in ${duration(seconds)}${trustworthiness === null ? '' : `, trustworthiness ${trustworthiness.toFixed(3)}`}`)
  }
  for (const figure of figures) terminal.print(`figure   ${figure}`)
  terminal.print(`session  ${folder}`)
}

/** `NAME.layerscope` in the current folder; a recipe called only `recipe.json` gives its folder's name. */
function sessionName(recipePath: string): string {
  const stem = basename(recipePath).replace(/\.json$/i, '')
  return `${stem === 'recipe' ? basename(dirname(resolve(recipePath))) || stem : stem}${SESSION_ENDING}`
}

function warnAboutInputs(recipe: Recipe, model: OpenModel, dataset: OpenDataset, warn: (sentence: string) => void): void {
  if (recipe.model.hash !== null && recipe.model.hash !== model.summary.hash) warn('The model is not the one the recipe was saved with: numbers may differ.')
  if (recipe.dataset.hash !== null && recipe.dataset.hash !== dataset.summary.hash) warn('The dataset has changed since the recipe was saved: numbers may differ.')
  if (model.provider.note !== null) warn(model.provider.note)
  const unread = leftOut(dataset)
  if (unread !== null) warn(unread)
}

function tell(event: RunEvent, terminal: Terminal, warn: (sentence: string) => void): void {
  switch (event.kind) {
    case 'stage': return terminal.stage(`${event.stage}…`)
    case 'extracting': return terminal.progress(progressLine(event))
    case 'site': return terminal.progress(`${event.done} of ${event.total} probes: ${event.result.site} ${headline(event.result)}`)
    case 'warning': return warn(event.message)
    case 'started':
    case 'extracted':
  }
}

/** The layer that validation chose, the last one without a sweep; with `all` every layer, that one first. */
async function project(stored: RunFolder, summary: RunSummary, recipe: Recipe, { projections }: RunOptions, terminal: Terminal, signal: AbortSignal): Promise<readonly ProjectionResult[]> {
  const sites = summary.extraction?.sites.map(({ name }) => name) ?? []
  const first = summary.sweep?.chosen?.site ?? sites.at(-1)
  if (first === undefined || projections === 'none' || recipe.extraction.positions.kind === 'all') return []
  const results: ProjectionResult[] = []
  await projectRun({
    run: stored, sites: projections === 'all' ? [first, ...sites.filter(site => site !== first)] : [first], plan: recipe.projection, signal,
    onEvent(event) {
      if (event.kind === 'stage') terminal.stage(`${event.site}: ${event.stage}…`)
      else if (event.kind === 'frame') terminal.progress(`${event.site}: epoch ${event.epoch} of ${event.epochs}`)
      else results.push(event.result)
    }
  })
  return results
}
