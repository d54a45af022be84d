import { createWriteStream } from 'node:fs'
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { openPromise, type Entry, type ZipFile } from 'yauzl'
import { LayerscopeError } from '../errors'
import { written } from '../quantity'
import { quoted } from '../quoted'
import { LOCK_FILE } from '../folder-lock'
import { SESSION_FILE } from './session-file'

/** A session has a few files a run; a list longer than this is something else. */
const mostEntries = 100_000
/** What a session may unpack to: numbers are stored as they are, and its text shrinks by less than this. */
const mostExpansion = 20
/** Bytes that a small archive may unpack to whatever its size. */
const freeBytes = 64 * 2 ** 20

/** Whether `path` is a zip archive, by its first bytes. A folder is none. */
export async function isZip(path: string): Promise<boolean> {
  if (!(await stat(path)).isFile()) return false
  const file = await open(path, 'r')
  try {
    const start = Buffer.alloc(4)
    await file.read(start, 0, 4, 0)
    return start.toString('latin1') === 'PK\u0003\u0004'
  } finally {
    await file.close()
  }
}

/**
 * Unpacks an exported session into `target`, which must not exist: the folder inside the archive becomes `target` itself.
 * Every name is checked, and the size against the disk and against what the archive can honestly hold, before the first byte is written;
 * failed or cancelled, nothing is left. `onProgress` hears of the bytes unpacked, some two hundred times at most.
 * @throws LayerscopeError `zip-unreadable`, `zip-unsafe`, `zip-not-a-session`, `zip-too-large`, `disk-full`
 */
export async function importZip(path: string, target: string, signal?: AbortSignal, onProgress?: (done: number, total: number) => void): Promise<void> {
  const zip = await openPromise(path, { autoClose: false, validateEntrySizes: true, strictFileNames: true }).catch((error: unknown) => { throw unreadable(path, error) })
  try {
    const files = await sessionFiles(zip, path)
    await checkSize(files.map(({ entry }) => entry), (await stat(path)).size, dirname(target), path)
    await mkdir(target)
    const total = files.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0)
    let done = 0
    let reported = 0
    const onBytes = (bytes: number): void => {
      done += bytes
      if (done < total && done - reported < total / 200) return
      reported = done
      onProgress?.(done, total)
    }
    try {
      for (const { entry, name } of files) {
        signal?.throwIfAborted()
        const file = join(target, ...name.split('/'))
        await mkdir(dirname(file), { recursive: true })
        const content = await zip.openReadStreamPromise(entry).catch((error: unknown) => { throw unreadable(path, error) })
        await writeEntry(content, file, entry, path, onBytes, signal)
      }
    } catch (error) {
      await rm(target, { recursive: true, force: true })
      throw error
    }
  } finally {
    zip.close()
  }
}

/** The files of the one session in the archive, named from its folder. */
async function sessionFiles(zip: ZipFile, path: string): Promise<readonly { readonly entry: Entry; readonly name: string }[]> {
  const entries: Entry[] = []
  try {
    for await (const entry of zip.eachEntry()) {
      if (entries.length >= mostEntries) throw new LayerscopeError({ code: 'zip-too-large', message: `The archive lists more than ${written(mostEntries)} files: it is no session.`, file: path })
      entries.push(entry)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  const heads = entries.filter(({ fileName }) => /^([^/]+\/)?session\.json$/.test(fileName))
  const [head] = heads
  if (head === undefined || heads.length > 1) {
    throw new LayerscopeError({
      code: 'zip-not-a-session', message: head === undefined ? `The archive holds no Layerscope session: there is no ${SESSION_FILE} in it.` : 'The archive holds more than one session.', file: path,
      hint: 'Unpack it and open what is inside.'
    })
  }
  const folder = head.fileName.slice(0, -SESSION_FILE.length)
  const names = new Set<string>()
  return entries.filter(({ fileName }) => !fileName.endsWith('/')).flatMap((entry) => {
    const name = entry.fileName.slice(folder.length)
    if (!entry.fileName.startsWith(folder)) throw unsafe(path, entry, 'lies beside the session')
    const problem = nameProblem(name)
    if (problem !== null) throw unsafe(path, entry, problem)
    if (names.has(name.toLowerCase())) throw unsafe(path, entry, 'is there twice')
    // The upper bits are the Unix mode where the archive was made on such a system.
    if ((entry.externalFileAttributes >>> 16 & 0o170000) === 0o120000) throw unsafe(path, entry, 'is a link')
    if (entry.isEncrypted()) throw unsafe(path, entry, 'is encrypted')
    names.add(name.toLowerCase())
    return name === LOCK_FILE ? [] : [{ entry, name }]
  })
}

/** Why a name may not be written below the session's folder; null when it may. Stricter than any system, so that all agree. */
function nameProblem(name: string): string | null {
  const parts = name.split('/')
  if (name.includes('\\') || name.includes('\0') || /^[A-Za-z]:/.test(name) || parts.some((part) => part === '' || part === '.' || part === '..')) return 'leads out of the session'
  return parts.some((part) => /[:*?"<>|\u0000-\u001f]/.test(part) || /[. ]$/.test(part)) || join(...parts).split(sep).length !== parts.length ? 'has a name that not every system takes' : null
}

async function checkSize(entries: readonly Entry[], archiveBytes: number, folder: string, path: string): Promise<void> {
  const bytes = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0)
  const megabytes = written(Math.ceil(bytes / 1e6))
  if (bytes > freeBytes + mostExpansion * archiveBytes) {
    throw new LayerscopeError({ code: 'zip-too-large', message: `The archive would unpack to ${megabytes} MB, far more than a session of its size holds; it was left as it is.`, file: path })
  }
  const { bavail, bsize } = await statfs(folder)
  if (bytes > bavail * bsize) {
    throw new LayerscopeError({ code: 'disk-full', message: `The session unpacks to ${megabytes} MB, more than is free on the disk.`, file: path, hint: 'Free some space and open it again.' })
  }
}

/** Writes one file and holds it to the checksum that the archive gives for it. */
async function writeEntry(content: Readable, file: string, entry: Entry, path: string, onBytes: (bytes: number) => void, signal: AbortSignal | undefined): Promise<void> {
  let checksum = 0
  const check = new Transform({
    transform(chunk: Buffer, _encoding, next): void {
      checksum = crc32(chunk, checksum)
      onBytes(chunk.length)
      next(null, chunk)
    }
  })
  try {
    await pipeline(content, check, createWriteStream(file, { flags: 'wx', flush: true }), signal === undefined ? {} : { signal })
  } catch (error) {
    // Errors of the file system and a cancel speak for themselves.
    if (error instanceof Error && ('syscall' in error || error.name === 'AbortError')) throw error
    throw unreadable(path, error)
  }
  if (checksum !== entry.crc32) throw unreadable(path, new Error(`${entry.fileName} was changed after it was packed`))
}

function unsafe(path: string, { fileName }: Entry, problem: string): LayerscopeError {
  return new LayerscopeError({
    code: 'zip-unsafe', message: `The archive was not opened: ${quoted(fileName)} ${problem}.`, file: path,
    hint: 'Layerscope opens archives as its own export writes them.'
  })
}

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof LayerscopeError) return error
  const reason = error instanceof Error ? error.message : String(error)
  // The reader refuses names that lead out before we see them.
  if (/relative path|absolute path|invalid characters/.test(reason)) {
    return new LayerscopeError({ code: 'zip-unsafe', message: `The archive was not opened: a name in it leads out of the session (${reason}).`, file: path, hint: 'Layerscope opens archives as its own export writes them.' }, { cause: error })
  }
  return new LayerscopeError({ code: 'zip-unreadable', message: `The archive cannot be read: ${reason}.`, file: path, hint: 'It may be damaged or incomplete: export or copy it again.' }, { cause: error })
}
