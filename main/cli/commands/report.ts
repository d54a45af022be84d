import { writeMeasure, measures } from '../../../preload/measures'
import { openFinishedSweep, writeReport } from '../../engine/report/index'
import { printable, type Terminal } from '../terminal'

export interface ReportOptions {
  readonly run?: string
  readonly out: string
  readonly site?: string
  readonly method?: string
}

/** The report of a finished run, or of a folder that `probe` has been through, into a folder of its own. */
export async function report(folder: string, { run, out, site, method }: ReportOptions, terminal: Terminal): Promise<void> {
  terminal.stage('writing the report…')
  const summary = await writeReport(await openFinishedSweep(folder, run ?? null), out, { site: site ?? null, method: method ?? null })
  terminal.result(summary)
  const { measure, value, files } = summary
  terminal.print(`${printable(summary.method)} at ${printable(summary.site)}${measure === null ? '' : `, ${measures[measure].phrase} ${writeMeasure(measure, value)}`}`)
  for (const file of files) terminal.print(file)
}
