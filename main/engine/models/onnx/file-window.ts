import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const BLOCK = 1 << 16

/** Reads a file of any size through one small window, so that a model's weights never enter memory. */
export class FileWindow {
  readonly size: number
  private readonly descriptor: number
  private readonly block = Buffer.allocUnsafe(BLOCK)
  private blockStart = 0
  private blockLength = 0

  constructor(path: string) {
    this.descriptor = openSync(path, 'r')
    this.size = fstatSync(this.descriptor).size
  }

  byteAt(offset: number): number {
    if (offset < this.blockStart || offset >= this.blockStart + this.blockLength) {
      this.blockStart = offset
      this.blockLength = readSync(this.descriptor, this.block, 0, BLOCK, offset)
    }
    return this.block[offset - this.blockStart] ?? 0
  }

  /** A copy of `length` bytes at `offset`; shorter only when the file shrank meanwhile. */
  bytes(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const got = readSync(this.descriptor, out, filled, length - filled, offset + filled)
      if (got === 0) break
      filled += got
    }
    return out
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
