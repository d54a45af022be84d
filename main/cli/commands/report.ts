import { writeMeasure, measures } from '../../../preload/measures'
import { openStore } from '../../engine/activations/index'
import { openFinishedSweep, writeReport } from '../../engine/report/index'
import { printable, type Terminal } from '../terminal'

export interface ReportOptions {
  readonly run?: string
  readonly out: string
  readonly site?: string
  readonly method?: string
}

/** The report of a finished run, or of a folder that `probe` has been through, into a folder of its own. */
export async function report(folder: string, { run, out, site, method }: ReportOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  terminal.stage('writing the report…')
  const finished = await openFinishedSweep(folder, run ?? null)
  const store = await openStore(finished.folder)
  try {
    const summary = await writeReport({ finished, store }, out, { site: site ?? null, method: method ?? null, parts: 'report' }, signal)
    terminal.result(summary)
    const { measure, value, files } = summary
    terminal.print(`${printable(summary.method)} at ${printable(summary.site)}${measure === null ? '' : `, ${measures[measure].phrase} ${writeMeasure(measure, value)}`}`)
    for (const file of files) terminal.print(file)
  } finally {
    await store.close()
  }
}
