import type { ErrorReport } from '../../preload/contract'

/**
 * An error a person can act on: what happened, to which file or row, and what to do.
 * Raised where it is known, shown where a person looks; anything else thrown is a defect.
 */
export class LayerscopeError extends Error {
  override readonly name = 'LayerscopeError'
  readonly report: ErrorReport

  constructor(report: ErrorReport, options?: ErrorOptions) {
    super(report.message, options)
    this.report = report
  }
}

/** The report of any thrown value; defects become code `internal` with their message. */
export function errorReport(error: unknown): ErrorReport {
  if (error instanceof LayerscopeError) return error.report
  if (error instanceof Error && error.name === 'AbortError') return { code: 'cancelled', message: 'Cancelled.' }
  if (isDiskFull(error)) {
    return { code: 'disk-full', message: 'The disk is full.', hint: 'Free some space and run again: what was stored is kept.' }
  }
  if (error instanceof Error && 'code' in error && error.code === 'EFBIG') {
    return { code: 'file-too-large', message: 'The disk or a limit of this account takes no file that large.', hint: 'Write to another disk (FAT32 ends at 4 GB), or choose fewer sites, fewer rows or float16: what was stored is kept.' }
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
