/** What a saved session finds again when it is opened: its runs, and the files it was made from. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ErrorReport, SessionState } from '../../../preload/contract'
import { errorReport } from '../errors'
import { RunFolder } from './run-folder'
import type { SessionFile } from './session-file'

/** Something that is missing or has moved, and what to do about it. */
export type Problem = SessionState['problems'][number]

/** The runs below `folder`, in order; those that could not be read are `unread`, with what is wrong among the problems. */
export async function restoreRuns(folder: string, names: readonly string[], problems: Problem[]): Promise<{ readonly runs: RunFolder[]; readonly unread: readonly string[] }> {
  const runs: RunFolder[] = []
  const unread: string[] = []
  for (const name of names) {
    try {
      runs.push(await openRun(join(folder, name), problems))
    } catch (error) {
      unread.push(name)
      problems.push(errorReport(error))
    }
  }
  return { runs, unread }
}

/** Opens a run; one that was running when its process ended becomes a cancelled one that can be taken up again. */
async function openRun(folder: string, problems: Problem[]): Promise<RunFolder> {
  const run = await RunFolder.open(folder)
  if (run.summary.status === 'running') {
    const error: ErrorReport = { code: 'run-interrupted', message: 'The run was interrupted before its end.', hint: 'Press Run: it goes on from what was stored.' }
    await run.update({ status: 'cancelled', error })
    problems.push(error)
  } else if (run.summary.extraction !== null) {
    try {
      await run.activations()
    } catch (error) {
      problems.push(errorReport(error))
    }
  }
  return run
}

/** Where a referenced file lies now: at its old path, or at the same place relative to the session. */
export function locate<R extends SessionFile['model'] | SessionFile['dataset']>(folder: string, reference: R, part: 'model' | 'dataset', problems: Problem[]): R {
  if (reference === null || existsSync(reference.path)) return reference
  const beside = reference.relativePath === null ? null : resolve(folder, reference.relativePath)
  if (beside !== null && existsSync(beside)) return { ...reference, path: beside }
  problems.push({
    code: `${part}-moved`, message: `The ${part} ${reference.name} is not where it was when the session was saved.`, file: reference.path, locate: part,
    hint: `Locate it to ${part === 'model' ? 'run again' : 'see its rows again'}; the stored results can be read without it.`
  })
  return reference
}
