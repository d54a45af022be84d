import type { PositionsEvent, PositionsResult, PositionSweep, SiteResult } from '../../../preload/contract'
import { inTextOrder, positionTick, samePositions, writePositions } from '../../../preload/positions'
import type { Positions } from '../../../preload/recipe'
import { openDataset } from '../../engine/datasets/index'
import { LayerscopeError } from '../../engine/errors'
import { openModel } from '../../engine/models/index'
import { quoted } from '../../engine/quoted'
import { keptPositions, readPositions } from '../../engine/run-positions'
import { Session, type RunFolder } from '../../engine/sessions/index'
import { sweepDocument } from '../sweep-table'
import { table, type Terminal } from '../terminal'

export interface PositionsOptions {
  /** What is kept already, when left out. */
  readonly positions?: readonly Positions[]
  readonly run?: string
  readonly method?: string
}

/** The probes of a session's finished run at other positions of its texts; what was read before is not read again. */
export async function positions(folder: string, options: PositionsOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  const session = await Session.open(folder, null)
  try {
    const run = finishedRun(session, options.run, folder)
    const asked = options.positions ?? []
    const result = asked.length === 0 ? await keptPositions(run) : await readAt(session, run, asked, terminal, signal)
    if (asked.length === 0 && result.positions.length < 2) throw new LayerscopeError({ code: 'positions-missing', message: 'No other position of this run was read yet.', file: folder, hint: 'Name some: --positions last,last-1,last-2,first,mean.' })
    terminal.result({ run: run.summary.runId, ...positionsDocument(result), seconds: (performance.now() - began) / 1000 })
    printPositions(result, run, options.method, terminal)
  } finally {
    await session.close('keep')
  }
}

/** @throws LayerscopeError `run-unknown`, `sweep-missing` */
function finishedRun(session: Session, runId: string | undefined, folder: string): RunFolder {
  if (runId !== undefined) return session.run(runId)
  const found = session.allRuns.findLast(({ summary }) => summary.status === 'complete' && summary.sweep !== null)
  if (found === undefined) throw new LayerscopeError({ code: 'sweep-missing', message: 'The session has no finished run with probes.', file: folder, hint: 'Run the probes to the end first.' })
  return found
}

/** With the session's model and dataset. */
async function readAt(session: Session, run: RunFolder, asked: readonly Positions[], terminal: Terminal, signal: AbortSignal): Promise<PositionsResult> {
  const { recipe } = session
  if (recipe === null) throw new LayerscopeError({ code: 'recipe-incomplete', message: 'The session does not say which model and dataset it was made from.', file: session.path })
  const dataset = await openDataset(recipe.dataset.path, recipe.dataset.read)
  try {
    const model = await openModel(recipe.model.path, { provider: run.summary.extractionPlan.provider, signal, onStage(stage) { terminal.stage(stage) } })
    try {
      return await readPositions({ session, run, model, dataset, positions: asked, signal, onEvent(event) { tellPositions(event, terminal) } })
    } finally {
      await model.close()
    }
  } finally {
    await dataset.close()
  }
}

export function tellPositions(event: PositionsEvent, terminal: Terminal): void {
  if (event.kind === 'position') return
  terminal.progress(event.stage === 'extracting' ? `${event.done} of ${event.total} vectors` : `${event.done} of ${event.total} probes`)
}

/** As `--json` prints it. */
export function positionsDocument({ positions: all }: PositionsResult): { readonly positions: readonly unknown[] } {
  return {
    positions: all.map(({ positions: own, rows, leftOut, readAt, sweep, error }) => ({
      positions: writePositions(own), rows, leftOut, readAt, ...sweep === null ? { error } : { sweep: sweepDocument(sweep) }
    }))
  }
}

/** The map as a table: a line a position in the order of the text, a column a site, and what the scores are to be read against. */
export function printPositions({ positions: all }: PositionsResult, { summary }: RunFolder, asked: string | undefined, terminal: Terminal): void {
  const method = asked ?? summary.sweep?.chosen?.method ?? summary.probePlan.methods[0] ?? ''
  const sites = summary.extraction?.sites.map(({ name }) => name) ?? []
  const own = all.find(({ positions: at }) => samePositions(at, summary.extractionPlan.positions))
  const [headline] = own?.sweep?.sites[0]?.measures ?? []
  const baselines = headline?.baselines.map(({ name }) => name) ?? []
  terminal.print(`\n${headline?.name ?? ''} of ${method}, a line a position; baselines are means over the sites`)
  terminal.print(table(
    ['position', ...sites.map(siteColumn), ...baselines, 'rows', 'left out', 'token'],
    [...all].sort((a, b) => inTextOrder(a.positions, b.positions)).map(position => {
      const results = sites.map(site => resultOf(position, site, method))
      const values = baselines.map(name => mean(results.flatMap(result => result?.measures[0]?.baselines.filter(baseline => baseline.name === name).map(({ value }) => value) ?? [])))
      return [
        positionTick(position.positions), ...results.map(result => result?.measures[0]?.value?.toFixed(3) ?? '–'), ...values.map(value => value?.toFixed(3) ?? '–'),
        String(position.rows), String(position.leftOut.count), position.readAt === null ? '' : `${quoted(position.readAt.token)} ${(position.readAt.share * 100).toFixed(0)} %`
      ]
    }),
    `l${'r'.repeat(sites.length + baselines.length + 2)}l`
  ))
  for (const { positions: at, error } of all) if (error !== null) terminal.warn(`${positionTick(at)}: ${error.message}`)
}

/** A few characters for the head of a column. */
function siteColumn(site: string): string {
  return site.replace(/^blocks\.(\d+)\.hook_resid_post$/, '$1').replace(/^blocks\.(\d+)\.block_out$/, '$1').replace(/^hook_/, '').replace(/^ln_final.*$/, 'final')
}

function resultOf({ sweep }: PositionSweep, site: string, method: string): SiteResult | null {
  return sweep?.sites.find(result => result.site === site && result.method === method) ?? null
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
