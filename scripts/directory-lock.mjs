import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Runs `work` while no other process runs work under the same lock. Making a folder is atomic on every
 * file system; a lock whose process has died is taken over.
 * @template T
 * @param {string} folder the lock: made while held, removed after
 * @param {() => Promise<T>} work
 * @param {() => void} [onWait] called once if another process holds the lock
 * @returns {Promise<T>}
 */
export async function withDirectoryLock(folder, work, onWait) {
  await mkdir(dirname(folder), { recursive: true })
  const owner = join(folder, 'pid')
  let waited = false
  for (;;) {
    try {
      await mkdir(folder)
      break
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    }
    if (await isAbandoned(folder, owner)) {
      await rm(folder, { recursive: true, force: true })
      continue
    }
    if (!waited) onWait?.()
    waited = true
    await delay(200)
  }
  try {
    await writeFile(owner, String(process.pid))
    return await work()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} folder
 * @param {string} owner file that holds the process id
 */
async function isAbandoned(folder, owner) {
  try {
    const pid = Number(await readFile(owner, 'utf8'))
    // Between the making of the file and its content the id reads as 0.
    if (pid > 0) return !isAlive(pid)
    return await isOlderThan(owner, 10_000)
  } catch {
    return await isOlderThan(folder, 10_000)
  }
}

/**
 * @param {string} path
 * @param {number} ageMs
 */
async function isOlderThan(path, ageMs) {
  try {
    return Date.now() - (await stat(path)).mtimeMs > ageMs
  } catch {
    return false
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
