import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { checkSharedLibraries, electronPath } from './electron-runtime.mjs'
import { RemediableError, electronProblem, lastLines } from './remedy.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Lines that Chromium writes about itself (no session bus, no graphics card), which tell a person nothing. */
const chromiumLogLine = /^\[\d+(:\d+)?:\d{4}\/\d{6}\.\d+:[A-Z]+\d*:/

/**
 * What the app is started with after its folder.
 * @param {{ sample: string | null, open: string | null }} options
 */
export function appArguments({ sample, open }) {
  return [...(sample === null ? [] : [`--sample=${sample}`]), ...(open === null ? [] : ['--open', open])]
}

/**
 * Chromium's switches for this machine and user.
 * @param {boolean} sandbox whether the person wants the sandbox
 * @param {(line: string) => void} log
 */
export function chromiumSwitches(sandbox, log) {
  if (!sandbox) return ['--no-sandbox']
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    log('You are root: starting without Chromium\'s sandbox, which root cannot have.')
    return ['--no-sandbox']
  }
  return []
}

/**
 * Opens the window and waits until the person closes it.
 * @param {{ sample: string | null, open: string | null, sandbox: boolean }} options
 * @param {(line: string) => void} log
 * @returns {Promise<number>} exit code
 * @throws {RemediableError} when Electron cannot start
 */
export async function openWindow(options, log) {
  const { path } = await electronPath({ log })
  await checkSharedLibraries(path)
  const switches = chromiumSwitches(options.sandbox, log)
  log(`Opening the window${options.open !== null ? ` on ${options.open}` : options.sample !== null ? ` on the sample ${options.sample}` : ''}.`)
  const environment = { ...process.env }
  // Set by some editors' terminals; with it Electron is a plain Node.
  delete environment['ELECTRON_RUN_AS_NODE']
  const child = spawn(path, [...switches, root, ...appArguments(options)], { cwd: root, stdio: ['inherit', 'inherit', 'pipe'], env: environment })
  let tail = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    tail = (tail + text).slice(-20_000)
    const told = text.split('\n').filter((/** @type {string} */ line) => line.trim() !== '' && !chromiumLogLine.test(line))
    if (told.length > 0) process.stderr.write(`${told.join('\n')}\n`)
  })
  // Ctrl+C reaches the window too, which saves and quits; this process stays for its exit code.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => { child.kill() })
  /** @type {{ code: number | null, signal: NodeJS.Signals | null }} */
  const { code, signal } = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  if (code === 0 || signal === 'SIGTERM' || signal === 'SIGINT') return 0
  throw electronProblem(tail) ?? new RemediableError(
    `The window ended ${signal === null ? `with code ${code}` : `by ${signal}`}:\n${lastLines(tail, 15)}`,
    'Start it again; what was stored is kept. If it happens again, file an issue with the lines above.'
  )
}
