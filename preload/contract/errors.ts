/** The form of every error that crosses the port or is printed. */

/** What went wrong, to what, and the next step: the same object in the window and in `--json`. */
export interface ErrorReport {
  /** Stable, kebab-case: `model-unreadable`, `dataset-empty`, `disk-full`, `file-too-large`, `cancelled`, … */
  readonly code: string
  readonly message: string
  readonly file?: string
  /** 1-based row of the data as a person counts it (header not counted). */
  readonly row?: number
  readonly field?: string
  readonly hint?: string
}
