import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkSharedLibraries, electronPath } from './electron-runtime.mjs'
import { appArguments, chromiumSwitches } from './open-window.mjs'
import { electronProblem } from './remedy.mjs'
import { findXvfb, hasDisplay, startVirtualDisplay } from './virtual-display.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const size = { width: 1440, height: 900 }
/** Time for the sample, or a session, to be opened, extracted, probed and drawn; a slow machine takes about a minute. */
const readyWithinMs = 4 * 60_000
/** The welcome screen runs nothing and so never says that a run is complete. */
const welcomeWithinMs = 3_000

/**
 * Opens the real window, on a virtual display where there is one to be had, waits until it shows the finished run,
 * and saves a picture of it. Leaves nothing behind but the picture.
 * @param {{ sample: string | null, open: string | null, sandbox: boolean, screenshot: string }} options
 * @param {(line: string) => void} log
 * @returns {Promise<number>} exit code
 * @throws {import('./remedy.mjs').RemediableError}
 */
export async function saveScreenshot(options, log) {
  // With a virtual display no window pops up in the person's way.
  const screen = process.platform === 'linux' && (findXvfb() !== null || !hasDisplay()) ? await startVirtualDisplay({ width: 1600, height: 1000 }) : null
  const userData = await mkdtemp(join(tmpdir(), 'layerscope-screenshot-'))
  try {
    const { path } = await electronPath({ log })
    await checkSharedLibraries(path)
    const switches = chromiumSwitches(options.sandbox, log)
    if (screen !== null) log(`Opening the window on the virtual display ${screen.display}.`)
    const picture = await photograph(path, switches, userData, screen?.display ?? null, options, log)
    log(`Screenshot: ${picture}`)
    return 0
  } finally {
    await rm(userData, { recursive: true, force: true, maxRetries: 5 })
    await screen?.stop()
  }
}

/**
 * @param {string} executablePath
 * @param {readonly string[]} switches
 * @param {string} userData
 * @param {string | null} display
 * @param {{ sample: string | null, open: string | null, screenshot: string }} options
 * @param {(line: string) => void} log
 * @returns {Promise<string>} path of the picture
 */
async function photograph(executablePath, switches, userData, display, options, log) {
  const { _electron } = await import('playwright')
  /** @type {Record<string, string>} */
  const env = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && name !== 'ELECTRON_RUN_AS_NODE') env[name] = value
  }
  if (display !== null) {
    env['DISPLAY'] = display
    delete env['WAYLAND_DISPLAY']
  }
  env['LAYERSCOPE_USER_DATA'] = userData
  const app = await _electron.launch({
    executablePath,
    args: [...switches, '--enable-unsafe-swiftshader', `--user-data-dir=${userData}`, root, ...appArguments(options)],
    chromiumSandbox: switches.length === 0,
    cwd: root,
    env,
    timeout: 60_000
  }).catch((error) => { throw electronProblem(String(error)) ?? error })
  try {
    const page = await app.firstWindow({ timeout: 60_000 })
    const window = await app.browserWindow(page)
    await window.evaluate((browserWindow, { width, height }) => browserWindow.setContentSize(width, height), size)
    const limitMs = waitMs(options)
    // A selector: `waitForFunction` with an expression needs eval, which the page's content policy forbids.
    const ready = await page.locator('html[data-ready="true"]').waitFor({ state: 'attached', timeout: limitMs }).then(() => true, (error) => {
      if (error.name === 'TimeoutError') return false
      throw electronProblem(String(error)) ?? error
    })
    if (!ready && limitMs > welcomeWithinMs) log(`The window was not done within ${limitMs / 60_000} minutes: this is what it shows now.`)
    await mkdir(dirname(options.screenshot), { recursive: true })
    await page.screenshot({ path: options.screenshot, animations: 'disabled' })
    return options.screenshot
  } finally {
    const child = app.process()
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await app.close().catch(() => {})
    clearTimeout(timer)
  }
}

/** @param {{ sample: string | null, open: string | null }} options */
function waitMs({ sample, open }) {
  return sample === null && open === null ? welcomeWithinMs : readyWithinMs
}
