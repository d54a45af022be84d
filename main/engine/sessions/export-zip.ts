import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import { ZipFile } from 'yazl'
import { temporaryPathBeside } from '../atomic-file'
import { filesBelow } from './folder-copy'

/**
 * Writes the session's folder as one zip, streaming; `name` is the folder inside. Numbers are stored as they are (they do not
 * compress), JSON is deflated. Cancelled or failed, nothing is left.
 */
export async function exportZip(
  folder: string, name: string, path: string, onProgress: (done: number, total: number) => void, signal?: AbortSignal
): Promise<{ readonly bytes: number }> {
  const files = await filesBelow(folder)
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const zip = new ZipFile()
  for (const file of files) {
    zip.addFile(join(folder, file.path), `${name}/${file.path.split(sep).join('/')}`, { compress: /\.(json|svg|journal)$/.test(file.path) })
  }
  zip.end()
  let done = 0
  let reported = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, next): void {
      done += chunk.length
      if (done - reported > total / 200) {
        reported = done
        onProgress(Math.min(done, total), total)
      }
      next(null, chunk)
    }
  })
  const beside = temporaryPathBeside(path)
  const failed = new AbortController()
  // A file that cannot be read is told here and nowhere else: its stream would wait for ever.
  zip.on('error', error => { failed.abort(error) })
  try {
    await pipeline(zip.outputStream, counter, createWriteStream(beside, { flags: 'wx', flush: true }), {
      signal: AbortSignal.any(signal === undefined ? [failed.signal] : [failed.signal, signal])
    })
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw failed.signal.aborted ? failed.signal.reason : error
  }
  onProgress(total, total)
  return { bytes: (await stat(path)).size }
}
