import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { SweepSummary } from '../../../preload/contract'
import { columnRolesSchema, probePlanSchema, type ColumnRoles, type ProbePlan } from '../../../preload/recipe'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'
import { quoted } from '../quoted'
import { readSessionFile, RunFolder, RUNS, RUN_FILE, SESSION_FILE, SWEEP_FILE, sweepSchema } from '../sessions/index'

/** Beside `sweep.json` of `layerscope probe`: what was asked. A session's run keeps it in `run.json`. */
const PLAN_FILE = 'probe.json'

/** Columns that the probe read; how rows became texts is the extraction's. */
export type ProbeRoles = Omit<ColumnRoles, 'text'>

const planFileSchema = z.object({
  format: z.literal('layerscope-probe'), version: z.literal(1),
  roles: columnRolesSchema.omit({ text: true }), plan: probePlanSchema
})

/** A sweep that has ended, and the folder that holds its activations and probes. */
export interface FinishedSweep {
  readonly folder: string
  /** Null for a folder of `layerscope probe`. */
  readonly runId: string | null
  readonly roles: ProbeRoles
  readonly plan: ProbePlan
  readonly sweep: SweepSummary
}

export async function writePlan(folder: string, roles: ProbeRoles, plan: ProbePlan): Promise<void> {
  await writeFileAtomically(join(folder, PLAN_FILE), `${JSON.stringify({ format: 'layerscope-probe', version: 1, roles, plan }, null, 2)}\n`)
}

/**
 * The finished sweep of a session (its last, or that of `runId`), of one run's folder, or of a folder of `layerscope probe`.
 * Reads only: a session that is open elsewhere may be reported.
 * @throws LayerscopeError `run-unknown`, `sweep-missing`, `sweep-damaged`, and what reading a session or run throws
 */
export async function openFinishedSweep(folder: string, runId: string | null): Promise<FinishedSweep> {
  if (existsSync(join(folder, SESSION_FILE))) {
    const { runs } = await readSessionFile(folder)
    if (runId !== null && !runs.includes(runId)) {
      throw new LayerscopeError({ code: 'run-unknown', message: `The session has no run ${quoted(runId)}.`, file: folder, hint: runs.length === 0 ? 'It has no runs yet.' : `There are ${runs.join(', ')}.` })
    }
    for (const name of runId === null ? [...runs].reverse() : [runId]) {
      const found = await finishedRun(join(folder, RUNS, name), name)
      if (found !== null) return found
    }
    throw sweepMissing(folder, runId === null ? 'The session has no finished run with probes.' : `The run ${runId} has no finished probes.`)
  }
  if (runId !== null) throw new LayerscopeError({ code: 'arguments-invalid', message: 'A run can be named for a session only; this folder is none.', file: folder })
  if (existsSync(join(folder, RUN_FILE))) {
    const found = await finishedRun(folder, null)
    if (found === null) throw sweepMissing(folder, 'The run has no finished probes.')
    return found
  }
  return await probedFolder(folder)
}

async function finishedRun(folder: string, runId: string | null): Promise<FinishedSweep | null> {
  return finished(await RunFolder.open(folder), runId)
}

/** The finished sweep of an open run. @throws LayerscopeError `sweep-missing` */
export function sweepOfRun(run: RunFolder): FinishedSweep {
  const found = finished(run, null)
  if (found === null) throw sweepMissing(run.folder, 'This run has no finished probes.')
  return found
}

function finished({ folder, summary: { status, sweep, dataset, probePlan, runId: own } }: RunFolder, runId: string | null): FinishedSweep | null {
  return status === 'complete' && sweep !== null ? { folder, runId: runId ?? own, roles: dataset.roles, plan: probePlan, sweep } : null
}

async function probedFolder(folder: string): Promise<FinishedSweep> {
  const [sweep, asked] = [await readJson(join(folder, SWEEP_FILE), sweepSchema), await readJson(join(folder, PLAN_FILE), planFileSchema)]
  return { folder, runId: null, roles: asked.roles, plan: asked.plan, sweep }
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const content = await readFile(file, 'utf8').catch(() => { throw sweepMissing(file, 'There are no finished probes in this folder.') })
  try {
    return schema.parse(JSON.parse(content))
  } catch (cause) {
    throw new LayerscopeError({ code: 'sweep-damaged', message: 'The results of the probes cannot be read.', file, hint: 'Run the probes again.' }, { cause })
  }
}

function sweepMissing(file: string, message: string): LayerscopeError {
  return new LayerscopeError({ code: 'sweep-missing', message, file, hint: 'Run the probes to the end first.' })
}
