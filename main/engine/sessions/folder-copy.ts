import { copyFile, link, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TEMPORARY_ENDING } from '../atomic-file'
import { LOCK_FILE } from '../folder-lock'

/** Regular files below `folder`, relative, without locks and what a killed process left half-written. */
export async function filesBelow(folder: string): Promise<readonly { readonly path: string; readonly bytes: number }[]> {
  const found: { path: string; bytes: number }[] = []
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name === LOCK_FILE || entry.name.endsWith(TEMPORARY_ENDING)) continue
    const absolute = join(entry.parentPath, entry.name)
    found.push({ path: absolute.slice(folder.length + 1), bytes: (await lstat(absolute)).size })
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1)
}

/** Copies a tree of files, synced; `shared` names those that may be hard links because they are never written to again. */
export async function copyFolder(from: string, to: string, shared: (path: string) => boolean): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const { path } of await filesBelow(from)) {
    const target = join(to, path)
    await mkdir(join(target, '..'), { recursive: true })
    if (shared(path) && await link(join(from, path), target).then(() => true, () => false)) continue
    await copyFile(join(from, path), target)
    const file = await open(target, 'r+')
    try { await file.sync() } finally { await file.close() }
  }
}
