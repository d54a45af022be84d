import { open } from 'node:fs/promises'
import type { GgufTensor } from './gguf-file'

/** The bytes of a small tensor as they are stored. */
export async function tensorBytes({ file, offset, length }: GgufTensor): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const bytes = Buffer.alloc(length)
    await handle.read(bytes, 0, length, offset)
    return bytes
  } finally {
    await handle.close()
  }
}
