/**
 * What every command does before its own work: is Node new enough, are the dependencies installed,
 * is the build of these very sources there. Each step does nothing when it is done already.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDirectoryLock } from './directory-lock.mjs'
import { npm } from './npm.mjs'
import { RemediableError, lastLines } from './remedy.mjs'

/** @typedef {{ log?: (line: string) => void }} Options */

const root = fileURLToPath(new URL('..', import.meta.url))

/** What the built files are made of. `resources/` is read at run time and takes no part. */
const sources = ['main', 'preload', 'renderer', 'electron.vite.config.ts', 'tsconfig.json', 'package-lock.json']

/**
 * Installs the dependencies of package-lock.json unless they are what node_modules holds.
 * @param {Options} [options]
 * @returns {Promise<'installed' | 'up to date'>}
 * @throws {RemediableError}
 */
export async function ensureInstalled({ log = () => {} } = {}) {
  const stamp = join(root, 'node_modules', '.layerscope-lock')
  if (await installedAlready(stamp)) return 'up to date'
  return withDirectoryLock(join(root, '.cache', 'install.lock'), async () => {
    if (await installedAlready(stamp)) return 'up to date'
    log('Installing the dependencies from npm (about a minute).')
    await npm(['ci'], root)
    await writeFile(stamp, await hashOf(['package-lock.json']))
    return 'installed'
  }, () => log('Another process is installing the dependencies: waiting for it.'))
}

/** @param {string} stamp */
async function installedAlready(stamp) {
  const wanted = await hashOf(['package-lock.json'])
  if (await readOr(stamp, '') === wanted) return true
  // Installed by hand: npm keeps a list of what it put there.
  const installed = await readOr(join(root, 'node_modules', '.package-lock.json'), null)
  if (installed === null) return false
  if (!holdsAll(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')), JSON.parse(installed))) return false
  await writeFile(stamp, wanted)
  return true
}

/**
 * Whether npm's list of installed packages has every package of the lock file, optional ones aside.
 * @typedef {{ packages?: Record<string, { version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }> }} Lock
 * @param {Lock} lock package-lock.json
 * @param {Lock} installed node_modules/.package-lock.json
 */
export function holdsAll(lock, installed) {
  return Object.entries(lock.packages ?? {}).every(([path, wanted]) =>
    path === '' || wanted.optional === true || wanted.devOptional === true || installed.packages?.[path]?.version === wanted.version)
}

/**
 * Builds main, preload and page into out/ unless out/ holds the build of the present sources.
 * @param {Options} [options]
 * @returns {Promise<'built' | 'up to date'>}
 * @throws {RemediableError} with the compiler's message
 */
export async function ensureBuilt({ log = () => {} } = {}) {
  if (await builtAlready()) return 'up to date'
  return withDirectoryLock(join(root, '.cache', 'build.lock'), async () => {
    if (await builtAlready()) return 'up to date'
    log('Building.')
    const wanted = await hashOf(sources)
    await build()
    await writeFile(stampPath, `${wanted} ${await fingerprintOf(join(root, 'out'))}\n`)
    return 'built'
  }, () => log('Another process is building: waiting for it.'))
}

const stampPath = join(root, 'out', '.stamp')

/** The stamp also describes the files that were built, so that a build by other means is noticed. */
async function builtAlready() {
  const stamp = await readOr(stampPath, null)
  if (stamp === null) return false
  const [source, output] = stamp.trim().split(' ')
  try {
    return source === await hashOf(sources) && output === await fingerprintOf(join(root, 'out'))
  } catch {
    // Files came or went meanwhile: someone is building or editing.
    return false
  }
}

async function build() {
  const child = spawn(process.execPath, [join('node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' }
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { output += text })
  child.stderr.setEncoding('utf8').on('data', (text) => { output += text })
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) {
    const message = output.split('\n').filter((line) => !/^\s+at .*node_modules/.test(line)).join('\n')
    throw new RemediableError(`The build failed:\n${lastLines(message, 25)}`, 'If you have not changed the sources, remove node_modules and out, and run again.')
  }
}

/**
 * SHA-256 over names and contents of the files, in name order; what does not exist takes no part.
 * @param {readonly string[]} paths files and folders, relative to `folder`
 * @param {string} [folder] the checkout
 */
export async function hashOf(paths, folder = root) {
  const hash = createHash('sha256')
  for (const path of paths) {
    for (const file of await filesUnder(join(folder, path))) {
      const content = await readFile(file)
      // The length keeps a name and a content from being read as another name and content.
      hash.update(`${relative(folder, file).split(sep).join('/')}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex')
}

/**
 * Describes built files by name, size and time; the stamp itself takes no part.
 * @param {string} folder
 */
async function fingerprintOf(folder) {
  const hash = createHash('sha256')
  for (const part of ['main', 'preload', 'renderer']) {
    for (const file of await filesUnder(join(folder, part))) {
      const { size, mtimeMs } = await stat(file)
      hash.update(`${relative(folder, file)}\0${size}\0${mtimeMs}\0`)
    }
  }
  return hash.digest('hex')
}

/**
 * All files under a path, sorted; the path itself when it is a file; none when it does not exist.
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function filesUnder(path) {
  let entries
  try {
    entries = await readdir(path, { withFileTypes: true })
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'ENOTDIR') return [path]
    if (code === 'ENOENT') return []
    throw error
  }
  const files = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    files.push(...await filesUnder(join(path, entry.name)))
  }
  return files
}

/**
 * @template T
 * @param {string} file
 * @param {T} otherwise
 * @returns {Promise<string | T>}
 */
async function readOr(file, otherwise) {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return otherwise
  }
}
