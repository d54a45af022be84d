import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { temporaryPathBeside } from '../atomic-file'
import { layOut, writeFully, type TensorLayout, type TensorToWrite } from './safetensors'

/**
 * A safetensors file whose tensors come one after the other, with shapes that are known only then. The header is written
 * last, into room kept at the start: until `finish` nothing stands at the path, and memory holds one tensor at a time.
 */
export class AppendedSafetensors {
  private readonly tensors: TensorLayout[] = []
  private end: number

  private constructor(private readonly path: string, private readonly beside: string, private readonly file: FileHandle, private readonly headerBytes: number) {
    this.end = headerBytes
  }

  /** @param names Every tensor that may come: room for their entries is kept. */
  static async create(path: string, names: readonly string[]): Promise<AppendedSafetensors> {
    // An entry is its name and at most 120 characters of type, shape and offsets.
    const room = names.reduce((sum, name) => sum + Buffer.byteLength(JSON.stringify(name)) + 120, 64)
    const beside = temporaryPathBeside(path)
    return new AppendedSafetensors(path, beside, await open(beside, 'wx'), 8 + Math.ceil(room / 8) * 8)
  }

  async append({ data, ...layout }: TensorToWrite): Promise<void> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    await writeFully(this.file, bytes, this.end)
    this.tensors.push(layout)
    this.end += bytes.length
  }

  /** The file is whole and stands at its path. */
  async finish(): Promise<void> {
    const { header, bytes } = layOut(this.tensors)
    if (header.length > this.headerBytes || bytes - header.length !== this.end - this.headerBytes) throw new Error(`the tensors of ${this.path} do not fit what was announced`)
    const padded = new Uint8Array(this.headerBytes).fill(0x20)
    padded.set(header)
    new DataView(padded.buffer).setBigUint64(0, BigInt(this.headerBytes - 8), true)
    await writeFully(this.file, padded, 0)
    await this.file.sync()
    await this.file.close()
    await rename(this.beside, this.path)
  }

  /** Gives the file up; nothing stays. */
  async discard(): Promise<void> {
    await this.file.close().catch(() => undefined)
    await rm(this.beside, { force: true })
  }
}
