import type { ErrorReport } from '../../preload/contract'

/** Plain lines of progress are no closer together than this where stderr is not a terminal. */
const PLAIN_LINE_MS = 5_000
const TERMINAL_LINE_MS = 80

/**
 * The two streams of a command: what was asked for goes to stdout, everything else to stderr.
 * With `json` stdout carries one JSON document and nothing else.
 */
export class Terminal {
  private lineShown = false
  private lastAt = -Infinity
  private readonly warned = new Set<string>()

  constructor(
    readonly json: boolean,
    private readonly stdout: { write(text: string): unknown } = process.stdout,
    private readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number } = process.stderr
  ) {}

  /** The command's result for people; nothing with `--json`. */
  print(text = ''): void {
    if (this.json) return
    this.clearLine()
    this.stdout.write(`${text}\n`)
  }

  /** A piece of the command's result for people, without an end of line; nothing with `--json`. */
  stream(text: string): void {
    if (this.json || text === '') return
    this.clearLine()
    this.stdout.write(text)
  }

  /** The command's result for programs; nothing without `--json`. */
  result(document: unknown): void {
    this.clearLine()
    if (this.json) this.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  }

  /** A stage has begun. */
  stage(text: string): void {
    this.lastAt = -Infinity
    this.progress(text)
    this.lastAt = -Infinity
  }

  /** One line that is rewritten on a terminal; elsewhere a line now and then. */
  progress(text: string, last = false): void {
    const now = performance.now()
    const terminal = this.stderr.isTTY === true
    if (!last && now - this.lastAt < (terminal ? TERMINAL_LINE_MS : PLAIN_LINE_MS)) return
    this.lastAt = now
    if (!terminal) {
      this.stderr.write(`${text}\n`)
      return
    }
    this.stderr.write(`\r\u001b[2K${text.slice(0, Math.max(20, (this.stderr.columns ?? 80) - 1))}`)
    this.lineShown = true
  }

  /** A sentence about something that a person should know; the same one is told once. */
  warn(text: string): void {
    if (this.warned.has(text)) return
    this.warned.add(text)
    this.clearLine()
    this.stderr.write(`Warning: ${text}\n`)
  }

  fail(report: ErrorReport): void {
    this.clearLine()
    if (this.json) {
      const { code, message, file, row, hint } = report
      this.stdout.write(`${JSON.stringify({ error: { code, message, ...(file === undefined ? {} : { file }), ...(row === undefined ? {} : { row }), ...(hint === undefined ? {} : { hint }) } }, null, 2)}\n`)
      return
    }
    const where = [report.file, report.row === undefined ? undefined : `row ${report.row}`].filter(part => part !== undefined).join(', ')
    this.stderr.write(`Error: ${report.message}${where === '' ? '' : ` (${where})`}\n`)
    if (report.hint !== undefined) this.stderr.write(`  ${report.hint}\n`)
  }

  private clearLine(): void {
    if (this.lineShown) this.stderr.write('\r\u001b[2K')
    this.lineShown = false
  }
}

/** Text of a file or a model for one line of a terminal: control characters could move the cursor or hide text. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** Seconds for people: `4.2 s`, `3 min 20 s`, `1 h 05 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole % 3600 / 60)).padStart(2, '0')} min`
}

/** Columns aligned with two spaces between them; numbers to the right, text to the left, as `align` says a letter a column. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], align: string): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]?.length ?? 0)))
  return [header, ...rows]
    .map(row => row.map((cell, column) => align[column] === 'r' ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd())
    .join('\n')
}
