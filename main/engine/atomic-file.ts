import { randomBytes } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Ending of files that a killed process may leave behind; never part of a session or a store. */
export const TEMPORARY_ENDING = '.writing'

/**
 * Replaces `path` by what `write` writes so that a reader, or a process killed at any moment, finds the old content or the new one whole:
 * written beside it, synced, renamed. Where writing fails nothing stays beside it.
 */
export async function replaceFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const beside = temporaryPathBeside(path)
  try {
    const file = await open(beside, 'wx')
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Replaces `path` by `data`, the old content or the new one whole. */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(data))
}

/** A fresh name beside `path`, for content that will be renamed to it. */
export function temporaryPathBeside(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}${TEMPORARY_ENDING}`
}

/** Makes names created or renamed in `folder` durable. Systems that cannot sync a folder (Windows) are left as they are. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try { await handle.sync() } finally { await handle.close() }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && ['EPERM', 'EISDIR', 'EINVAL', 'EACCES', 'ENOTSUP'].includes(String(error.code)))) throw error
  }
}
