import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'

const CHUNK = 1 << 20
/** Files up to this size are hashed whole. */
const WHOLE_LIMIT = 512 * CHUNK
/** Windows read of a larger file, evenly spread and with both ends among them. */
const SAMPLES = 128

/**
 * Content identity of a model, hex: SHA-256 over each file's length and content in the order given.
 * Of a file above 512 MiB, 128 evenly spaced windows of 1 MiB stand for the content (first and last included):
 * an edit that keeps the length and misses every window goes unseen.
 */
export async function contentHash(paths: readonly string[], signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(CHUNK)
  for (const path of paths) {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      hash.update(`${basename(path).endsWith('.json') ? 'json' : 'data'}:${String(size)}\n`)
      for (const offset of offsets(size)) {
        signal?.throwIfAborted()
        hash.update(await readAt(file, buffer, offset, Math.min(CHUNK, size - offset)))
      }
    } finally {
      await file.close()
    }
  }
  return hash.digest('hex')
}

function *offsets(size: number): Generator<number> {
  if (size <= WHOLE_LIMIT) {
    for (let offset = 0; offset < size; offset += CHUNK) yield offset
    return
  }
  for (let sample = 0; sample < SAMPLES; sample++) yield Math.floor((size - CHUNK) * sample / (SAMPLES - 1))
}

async function readAt(file: FileHandle, buffer: Buffer, offset: number, length: number): Promise<Buffer> {
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
