import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright'
import type { ElectronApplication, Page } from 'playwright'
import { electronPath } from '../../scripts/electron-runtime.mjs'

export const title = 'Long tasks of the page while a run is on, its clouds stream and a person looks around'

const runMark = 'bench: the run is on'
/** A task that holds the page longer than this is felt. */
const longMs = 50
const manyRows = 50_000
const resources = fileURLToPath(new URL('../../resources', import.meta.url))

/** One task of the page's thread: how long it took on the clock, how long of it the thread itself worked, and what it ran. */
interface Task { /** From the moment the run was on; negative while the window started. */ readonly atMs: number; readonly wallMs: number; readonly cpuMs: number; readonly what: string }

/**
 * The real window from its start to the last cloud, each scenario in a window of its own: the bundled samples, and 50,000 rows.
 * Tasks come from Chromium's own trace. On a machine whose cores are all taken by the run, the clock also counts the time that
 * the page's thread waited for a core: what the page can be blamed for is the working time.
 */
export async function bench(print: (line: string) => void): Promise<void> {
  const asked = process.env['BENCH_PAGE']?.split(',') ?? null
  for (const name of ['atlas-truth', 'minilm-continents', 'rows']) {
    if (asked !== null && !asked.includes(name)) continue
    const folder = await mkdtemp(join(tmpdir(), 'layerscope-page-'))
    try {
      if (name === 'rows') report(`${manyRows.toLocaleString('en')} rows`, await traced(folder, ['--open', await recipeOfManyRows(folder)], runsManyRows), print)
      else report(name, await traced(folder, [`--sample=${name}`], runsByItself), print)
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/** Statements about cities, many times over in other words, for the bundled language model. */
async function recipeOfManyRows(folder: string): Promise<string> {
  const sample = join(resources, 'samples', 'atlas-truth')
  const [, ...lines] = (await readFile(join(sample, 'city-statements.csv'), 'utf8')).trim().split('\n')
  const rows = Array.from({ length: manyRows }, (_, i) => {
    const [statement = '', label = '', city = ''] = (lines[i % lines.length] ?? '').split(',')
    return `${i < lines.length ? '' : `Note ${Math.floor(i / lines.length)}: `}${statement},${label},${city}`
  })
  await writeFile(join(folder, 'statements.csv'), ['statement,label,city', ...rows].join('\n'))
  const recipe = join(folder, 'recipe.json')
  await writeFile(recipe, JSON.stringify({
    format: 'layerscope-recipe', version: 1, model: { path: join(resources, 'models', 'atlas-lm') },
    dataset: { path: 'statements.csv', roles: { text: { kind: 'template', template: '<|end|>{statement}' }, label: 'label', group: 'city' } },
    extraction: { sites: ['blocks.3.hook_resid_post', 'blocks.4.hook_resid_post', 'blocks.5.hook_resid_post'] }
  }))
  return recipe
}

async function runsByItself(page: Page): Promise<void> {
  await runIsOn(page)
  await whenChosen(page)
  await lookAround(page)
  await settled(page)
}

async function runsManyRows(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Run/ }).click({ timeout: 120_000 })
  await runIsOn(page)
  await page.getByText(/rows\/s/).first().waitFor({ timeout: 120_000 })
  await page.keyboard.press('Control+j')
  await page.getByRole('grid', { name: 'Rows' }).waitFor()
  await whenChosen(page)
  await lookAround(page)
  await settled(page)
}

/** Marks the moment in the trace: tasks before it are those of the start. */
async function runIsOn(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Cancel(?! opening)/ }).waitFor({ timeout: 120_000 })
  await page.evaluate(`performance.mark(${JSON.stringify(runMark)})`)
}

async function whenChosen(page: Page): Promise<void> {
  await page.getByText(/chosen on validation rows/).first().waitFor({ timeout: 580_000 })
}

/** What a person does while clouds are still on their way: layers, colours, a row, the table, a selection. */
async function lookAround(page: Page): Promise<void> {
  for (const key of ['End', 'ArrowLeft', 'ArrowLeft', '2', '3', '4', '1', 'm', 'm', 'Control+a', 'Escape']) {
    await page.keyboard.press(key)
    await page.waitForTimeout(250)
  }
  if (!await page.getByRole('grid', { name: 'Rows' }).isVisible()) await page.keyboard.press('Control+j')
  const row = page.getByRole('grid', { name: 'Rows' }).getByRole('row').nth(2)
  await row.click()
  await page.waitForTimeout(500)
  await page.getByRole('grid', { name: 'Rows' }).hover()
  for (let i = 0; i < 6; i++) await page.mouse.wheel(0, 4000)
  await page.waitForTimeout(500)
}

async function settled(page: Page): Promise<void> {
  await page.getByRole('region', { name: 'Projection', exact: true }).getByText(/trustworthiness/).last().waitFor({ timeout: 580_000 })
  await page.waitForTimeout(500)
}

interface TraceEvent { readonly name: string; readonly ph: string; readonly pid: number; readonly tid: number; readonly ts: number; readonly dur?: number; readonly tdur?: number; readonly args?: { readonly name?: string; readonly data?: { readonly functionName?: string; readonly url?: string } } }

/** Runs `act` in a fresh window under Chromium's tracing; every task of the page's main thread. */
async function traced(folder: string, args: readonly string[], act: (page: Page) => Promise<void>): Promise<readonly Task[]> {
  const { path } = await electronPath()
  const userData = join(folder, 'data')
  const app = await _electron.launch({
    executablePath: path, args: ['--no-sandbox', '--enable-unsafe-swiftshader', `--user-data-dir=${userData}`, process.cwd(), ...args],
    env: { ...process.env as Record<string, string>, LAYERSCOPE_USER_DATA: userData }, timeout: 60_000
  })
  try {
    const page = await app.firstWindow({ timeout: 60_000 })
    await startTracing(app)
    await act(page)
    return tasksOf(await stopTracing(app, join(folder, 'trace.json')))
  } finally {
    await app.evaluate(({ app: electron }) => electron.exit(0)).catch(() => undefined)
    await app.close().catch(() => undefined)
  }
}

async function startTracing(app: ElectronApplication): Promise<void> {
  await app.evaluate(async ({ contentTracing }) => {
    await contentTracing.startRecording({ included_categories: ['toplevel', 'devtools.timeline', 'blink.user_timing', 'disabled-by-default-v8.compile'], excluded_categories: ['*'] })
  })
}

async function stopTracing(app: ElectronApplication, file: string): Promise<readonly TraceEvent[]> {
  await app.evaluate(({ contentTracing }, to) => contentTracing.stopRecording(to), file)
  return (JSON.parse(await readFile(file, 'utf8')) as { traceEvents: TraceEvent[] }).traceEvents
}

function tasksOf(events: readonly TraceEvent[]): readonly Task[] {
  const main = events.find(({ name, ph, args }) => ph === 'M' && name === 'thread_name' && args?.name === 'CrRendererMain')
  if (main === undefined) throw new Error('the trace names no renderer thread')
  const own = events.filter(({ pid, tid, ph }) => pid === main.pid && tid === main.tid && ph === 'X')
  const inside = own.filter(({ name }) => name !== 'RunTask' && name !== 'ThreadControllerImpl::RunTask').sort((a, b) => a.ts - b.ts)
  const first = events.find(({ name }) => name === runMark)?.ts
  if (first === undefined) throw new Error('the trace does not say when the run began')
  return own.filter(({ name }) => name === 'RunTask' || name === 'ThreadControllerImpl::RunTask').map(({ ts, dur = 0, tdur = 0 }) => ({
    atMs: (ts - first) / 1000, wallMs: dur / 1000, cpuMs: tdur / 1000, what: dur < longMs * 1000 ? '' : longestParts(inside, ts, ts + dur)
  }))
}

/** The pieces of a task that took longest, outermost first: functions by name, else what Chromium calls it. */
function longestParts(events: readonly TraceEvent[], from: number, to: number): string {
  const parts = events.filter(({ ts, dur = 0 }) => ts >= from && ts + dur <= to && dur > 8000)
  return parts.slice(0, 5).map(({ name, dur = 0, args }) => `${args?.data?.functionName !== undefined && args.data.functionName !== '' ? args.data.functionName : name} ${(dur / 1000).toFixed(0)}`).join(', ')
}

function report(name: string, all: readonly Task[], print: (line: string) => void): void {
  const tasks = all.filter(({ atMs }) => atMs >= 0)
  const over = (of: (task: Task) => number): string => `${tasks.filter((task) => of(task) > longMs).length} (longest ${Math.max(0, ...tasks.map(of)).toFixed(0)} ms)`
  print(`${name.padEnd(18)} ${((tasks.at(-1)?.atMs ?? 0) / 1000).toFixed(0)} s, ${tasks.length.toLocaleString('en')} tasks; over ${longMs} ms: ${over(({ cpuMs }) => cpuMs)} by working time, ${over(({ wallMs }) => wallMs)} on the clock`)
  const starting = Math.max(0, ...all.filter(({ atMs }) => atMs < 0).map(({ cpuMs }) => cpuMs))
  print(`${''.padEnd(18)} before the run: longest ${starting.toFixed(0)} ms by working time`)
  for (const { atMs, wallMs, cpuMs, what } of tasks.filter((task) => task.wallMs > longMs).sort((a, b) => b.cpuMs - a.cpuMs).slice(0, 12)) {
    print(`  at ${(atMs / 1000).toFixed(1).padStart(5)} s  ${wallMs.toFixed(0).padStart(4)} ms, working ${cpuMs.toFixed(0).padStart(4)} ms  ${what}`)
  }
}
