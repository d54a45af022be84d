import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { npmProblem } from './remedy.mjs'

/**
 * How to start npm without a shell: its script run by this Node. Under `npm run`, npm names its own script;
 * otherwise it lies beside Node. Only where neither holds is `npm` looked for on the PATH.
 * @returns {{ command: string, prefix: string[], shell: boolean }}
 */
function npmCommand() {
  const named = process.env['npm_execpath']
  const beside = dirname(process.execPath)
  const candidates = [
    ...(named !== undefined && basename(named).startsWith('npm-cli') ? [named] : []),
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js'
  ]
  const script = candidates.find((path) => existsSync(path))
  if (script !== undefined) return { command: process.execPath, prefix: [script], shell: false }
  // npm is a .cmd file on Windows, which only a shell starts; the arguments we pass hold no spaces or quotes.
  return { command: 'npm', prefix: [], shell: process.platform === 'win32' }
}

/**
 * Runs npm quietly and returns what it printed on stdout.
 * @param {readonly string[]} args
 * @param {string} folder working directory
 * @returns {Promise<string>}
 * @throws {import('./remedy.mjs').RemediableError} with npm's failure put in words
 */
export async function npm(args, folder) {
  const { command, prefix, shell } = npmCommand()
  const quiet = ['--loglevel=error', '--fund=false', '--audit=false', '--fetch-retries=2', '--fetch-retry-mintimeout=2000', '--fetch-retry-maxtimeout=10000']
  const child = spawn(command, [...prefix, ...args, ...quiet], {
    cwd: folder,
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
    // .npmrc says the same; npm announces that it will stop reading settings it does not know from there.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' }
  })
  let stdout = ''
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text; output += text })
  child.stderr.setEncoding('utf8').on('data', (text) => { output += text })
  const code = await new Promise((resolve) => {
    child.on('error', (error) => { output += error.message; resolve(-1) })
    child.on('close', resolve)
  })
  if (code !== 0) throw npmProblem(output, `npm ${args.slice(0, 2).join(' ')}`)
  return stdout
}
