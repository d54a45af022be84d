/** A finished sweep as what a paper needs: methods paragraph, tables, figure, and arrays with a script that gives the stated number again. */
export { PLAN_FILE, openFinishedSweep, writePlan, type FinishedSweep } from './finished-sweep'
export { writeReport, type ReportSummary } from './report'
