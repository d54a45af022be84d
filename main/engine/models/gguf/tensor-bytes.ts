import { open } from 'node:fs/promises'
import type { GgufFile } from './gguf-file'

/** Calls `use` with a function that reads byte ranges of the file, open for as long as that takes. */
export async function withBytes<T>(file: GgufFile, use: (readBytes: (offset: number, length: number) => Promise<Uint8Array>) => Promise<T>): Promise<T> {
  const handle = await open(file.path, 'r')
  try {
    return await use(async (offset, length) => {
      const bytes = Buffer.alloc(length)
      await handle.read(bytes, 0, length, offset)
      return bytes
    })
  } finally {
    await handle.close()
  }
}
