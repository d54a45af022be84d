import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { RemediableError, aptCommand, debianPackages, lastLines } from './remedy.mjs'

/** Whether a window can be shown here as things are. */
export function hasDisplay() {
  if (process.platform !== 'linux') return true
  return Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'])
}

/** Path of the X server without a screen; null when it is not installed. */
export function findXvfb() {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'Xvfb')
    if (folder !== '' && existsSync(path)) return path
  }
  return null
}

/**
 * Starts Xvfb on the first free display.
 * It is stopped by `stop`, and with this process however that ends short of SIGKILL.
 * @param {{ width?: number, height?: number }} [screen] in pixels
 * @returns {Promise<{ display: string, stop: () => Promise<void> }>} `display` as for DISPLAY
 * @throws {RemediableError} when Xvfb is missing or does not start
 */
export async function startVirtualDisplay({ width = 1920, height = 1200 } = {}) {
  const path = findXvfb()
  if (path === null) {
    throw new RemediableError('There is no display, and no Xvfb to make a virtual one.', `On Debian or Ubuntu (as root): ${aptCommand(debianPackages)}`)
  }
  // With -displayfd the server itself picks a free number and writes it when it is ready: no race, no polling.
  const server = spawn(path, ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp', '-noreset'], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  let stderr = ''
  server.stderr?.setEncoding('utf8').on('data', (text) => { stderr = lastLines(stderr + text, 20) })
  const ended = new Promise((resolve) => {
    server.on('error', resolve)
    server.on('close', resolve)
  })
  const kill = () => { server.kill() }
  process.once('exit', kill)
  // The default handling of these signals would skip `exit`.
  const interrupted = (/** @type {NodeJS.Signals} */ signal) => {
    kill()
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.once(signal, interrupted)

  const stop = async () => {
    process.removeListener('exit', kill)
    for (const signal of signals) process.removeListener(signal, interrupted)
    kill()
    await ended
  }
  const written = /** @type {import('node:stream').Readable} */ (server.stdio[3])
  const number = await new Promise((resolve) => {
    let digits = ''
    written.setEncoding('utf8').on('data', (text) => {
      digits += text
      if (digits.includes('\n')) resolve(digits.trim())
    })
    void ended.then(() => resolve(null))
  })
  if (number === null) {
    await stop()
    throw new RemediableError(`Xvfb did not start: ${stderr.trim() || 'it said nothing'}.`, `Install it again (as root): ${aptCommand(debianPackages)}`)
  }
  return { display: `:${number}`, stop }
}
