import { randomUUID } from 'node:crypto'
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { ErrorReport } from '../../preload/contract'
import { LayerscopeError } from './errors'

/** Name of the lock file inside a locked folder. */
export const LOCK_FILE = '.lock'

const REFRESH_MS = 30_000
/** A lock of another machine whose holder has not touched it for this long is taken over. */
const STALE_MS = 4 * REFRESH_MS
/** A lock without readable contents is believed to be in the making for this long. */
const WRITING_MS = 2_000

const lockSchema = z.object({ pid: z.int(), host: z.string(), token: z.string() })

/** Tokens of the locks this process holds: one of its own process id that is not here was left by an earlier process. */
const held = new Set<string>()

export interface FolderLock { release(): Promise<void> }

/**
 * Makes this process the only writer of `folder`. A lock left behind by a process that has ended is taken over;
 * one that this process holds is waited for up to `patience` milliseconds.
 * @throws LayerscopeError with `inUse` while another holder is alive.
 */
export async function lockFolder(folder: string, inUse: ErrorReport, patience = 0): Promise<FolderLock> {
  const file = join(folder, LOCK_FILE)
  const token = randomUUID()
  const until = Date.now() + patience
  for (let attempt = 0; attempt < 3;) {
    // Before the file is there: others read it the moment it is.
    held.add(token)
    try {
      await writeFile(file, JSON.stringify({ pid: process.pid, host: hostname(), token }), { flag: 'wx' })
      return keepLock(file, token)
    } catch (error) {
      held.delete(token)
      if (!hasCode(error, 'EEXIST')) throw error
      const holder = await holderOf(file)
      if (holder === 'another' || holder === 'this process' && Date.now() >= until) throw new LayerscopeError(inUse)
      if (holder === 'this process') await delay(50)
      else attempt++
      // What is gone already may be somebody's new lock by now.
      if (holder === 'nobody') await rm(file, { force: true })
    }
  }
  throw new LayerscopeError(inUse)
}

function keepLock(file: string, token: string): FolderLock {
  const timer = setInterval(() => { utimes(file, new Date(), new Date()).catch(() => undefined) }, REFRESH_MS)
  timer.unref()
  return {
    async release(): Promise<void> {
      clearInterval(timer)
      const lock = await readLock(file)
      // Another process may have taken over a folder that was moved or copied under us.
      if (lock?.token === token) await rm(file, { force: true })
      // After the file is gone: until then it is no lock of a dead one that somebody may remove.
      held.delete(token)
    }
  }
}

async function readLock(file: string): Promise<z.infer<typeof lockSchema> | null> {
  try {
    return lockSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return null
  }
}

async function holderOf(file: string): Promise<'this process' | 'another' | 'nobody' | 'gone'> {
  const lock = await readLock(file)
  if (lock === null) {
    // Without readable contents it is being written this moment, or its writer died in between.
    const age = await untouchedFor(file)
    return age === Infinity ? 'gone' : age < WRITING_MS ? 'another' : 'nobody'
  }
  if (lock.host !== hostname()) return await untouchedFor(file) < STALE_MS ? 'another' : 'nobody'
  if (lock.pid === process.pid) return held.has(lock.token) ? 'this process' : 'nobody'
  try {
    process.kill(lock.pid, 0)
    return 'another'
  } catch (error) {
    return hasCode(error, 'EPERM') ? 'another' : 'nobody'
  }
}

/** Milliseconds since the file was touched; Infinity where it is gone. */
async function untouchedFor(file: string): Promise<number> {
  return await stat(file).then(({ mtimeMs }) => Date.now() - mtimeMs, () => Infinity)
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
