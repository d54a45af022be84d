/** @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: number }} Counts */
/** @typedef {'lint' | 'unit' | 'e2e'} Stage */

export const stages = /** @type {const} */ (['lint', 'unit', 'e2e'])

/** @type {Counts} */
export const nothing = { passed: 0, failed: 0, skipped: 0 }

/**
 * @param {Counts} a
 * @param {Counts} b
 * @returns {Counts}
 */
export const sum = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped })

/**
 * The line that closes `verify`, which scripts read.
 * @param {Counts} counts
 */
export const summaryLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/**
 * Which stages the arguments ask for: `--only STAGE`, more than once if wished; null when they make no sense.
 * @param {readonly string[]} args
 * @returns {readonly Stage[] | null}
 */
export function selectedStages(args) {
  /** @type {(string | undefined)[]} */
  const only = []
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? ''
    const value = argument === '--only' ? args[++at] : argument.startsWith('--only=') ? argument.slice('--only='.length) : undefined
    if (!stages.some((stage) => stage === value)) return null
    only.push(value)
  }
  return only.length === 0 ? stages : stages.filter((stage) => only.includes(stage))
}

/**
 * Counts of Vitest's JSON report. A file that fails to load has no tests and counts as one failure.
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} report
 * @returns {Counts}
 */
export function countVitest(report) {
  const unloaded = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded, skipped: report.numPendingTests + report.numTodoTests }
}

/**
 * Counts of Playwright's JSON report; a flaky test is a failed one.
 * @param {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number }, errors?: unknown[] }} report
 * @returns {Counts}
 */
export function countPlaywright({ stats, errors = [] }) {
  const failed = stats.unexpected + stats.flaky
  // Errors outside tests: a file that does not load, a set-up that fails.
  return { passed: stats.expected, failed: failed === 0 ? errors.length : failed, skipped: stats.skipped }
}
