import { basename } from 'node:path'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import { FileWindow } from './file-window'
import { onnx, type NodeMessage, type TensorMessage, type ValueInfoMessage } from './proto'

/** Where the values of a large initializer lie: in the .onnx file itself, or in a file that it names. */
export interface StoredBytes { readonly location: string | null; readonly offset: number; readonly length: number }

export interface Initializer {
  readonly name: string
  readonly dims: readonly number[]
  readonly dataType: number
  /** The decoded tensor when it is small; values of a large one stay in the file. */
  readonly tensor: TensorMessage | null
  readonly stored: StoredBytes | null
}

/** An .onnx file without its weights: nodes decoded, large initializers as places in files. */
export interface OnnxFile {
  readonly path: string
  readonly irVersion: number
  readonly producer: string
  readonly opsets: readonly { readonly domain: string; readonly version: number }[]
  readonly nodes: readonly NodeMessage[]
  readonly initializers: readonly Initializer[]
  readonly inputs: readonly ValueInfoMessage[]
  readonly outputs: readonly ValueInfoMessage[]
  readonly valueInfo: readonly ValueInfoMessage[]
  readonly functions: readonly InstanceType<typeof onnx.FunctionProto>[]
  readonly metadata: ReadonlyMap<string, string>
}

/** Initializers up to this many bytes are decoded: shapes, axes and scales that graph reading looks at. */
const INLINE_LIMIT = 1024

interface Field { readonly number: number; readonly wire: number; readonly start: number; readonly end: number; readonly value: number }

/**
 * Reads the structure of an .onnx file (protobuf `ModelProto`), leaving its weights where they are.
 * @throws LayerscopeError `model-unreadable` when the bytes are not ONNX, `model-truncated` when the file ends too early
 */
export function readOnnxFile(path: string): OnnxFile {
  const file = new FileWindow(path)
  try {
    return new Scanner(file, path).model()
  } finally {
    file.close()
  }
}

class Scanner {
  constructor(private readonly file: FileWindow, private readonly path: string) {}

  model(): OnnxFile {
    if (this.file.size === 0) throw this.unreadable('it is empty')
    let irVersion = 0
    let producer = ''
    let sawGraph = false
    const opsets: { domain: string; version: number }[] = []
    const metadata = new Map<string, string>()
    const functions: InstanceType<typeof onnx.FunctionProto>[] = []
    const graph = {
      nodes: [] as NodeMessage[], initializers: [] as Initializer[],
      inputs: [] as ValueInfoMessage[], outputs: [] as ValueInfoMessage[], valueInfo: [] as ValueInfoMessage[]
    }
    for (const field of this.fields(0, this.file.size, true)) {
      if (field.number === 1 && field.wire === 0) irVersion = field.value
      else if (field.number === 2) producer = this.text(field)
      else if (field.number === 8) {
        const opset = this.decode(field, bytes => onnx.OperatorSetIdProto.decode(bytes))
        opsets.push({ domain: opset.domain, version: Number(String(opset.version)) })
      } else if (field.number === 14) {
        const entry = this.decode(field, bytes => onnx.StringStringEntryProto.decode(bytes))
        metadata.set(entry.key, entry.value)
      } else if (field.number === 25) functions.push(this.decode(field, bytes => onnx.FunctionProto.decode(bytes)))
      else if (field.number === 7) {
        sawGraph = true
        this.graph(field, graph)
      }
    }
    if (!sawGraph || graph.nodes.length === 0) throw this.unreadable('it holds no graph')
    return { path: this.path, irVersion, producer, opsets, functions, metadata, ...graph }
  }

  private graph(within: Field, into: {
    nodes: NodeMessage[]; initializers: Initializer[]; inputs: ValueInfoMessage[]; outputs: ValueInfoMessage[]; valueInfo: ValueInfoMessage[]
  }): void {
    for (const field of this.fields(within.start, within.end, false)) {
      if (field.number === 1) into.nodes.push(this.decode(field, bytes => onnx.NodeProto.decode(bytes)))
      else if (field.number === 5) into.initializers.push(this.initializer(field))
      else if (field.number === 11) into.inputs.push(this.decode(field, bytes => onnx.ValueInfoProto.decode(bytes)))
      else if (field.number === 12) into.outputs.push(this.decode(field, bytes => onnx.ValueInfoProto.decode(bytes)))
      else if (field.number === 13) into.valueInfo.push(this.decode(field, bytes => onnx.ValueInfoProto.decode(bytes)))
    }
  }

  private initializer(within: Field): Initializer {
    const small = within.end - within.start <= INLINE_LIMIT
    let name = ''
    let dataType = 0
    let external = false
    let raw: Field | null = null
    const dims: number[] = []
    const entries = new Map<string, string>()
    for (const field of this.fields(within.start, within.end, false)) {
      if (field.number === 1 && field.wire === 0) dims.push(field.value)
      else if (field.number === 1) {
        let at = field.start
        while (at < field.end) {
          const [value, next] = this.varint(at, field.end)
          dims.push(value)
          at = next
        }
      } else if (field.number === 2) dataType = field.value
      else if (field.number === 8) name = this.text(field)
      else if (field.number === 9) raw = field
      else if (field.number === 14) external = field.value === 1
      else if (field.number === 13) {
        const entry = this.decode(field, bytes => onnx.StringStringEntryProto.decode(bytes))
        entries.set(entry.key, entry.value)
      }
    }
    if (external) {
      const location = entries.get('location') ?? ''
      if (location === '') throw this.unreadable(`the weight ${quoted(name)} names no file that holds it`)
      const stored = { location, offset: Number(entries.get('offset') ?? 0), length: Number(entries.get('length') ?? 0) }
      return { name, dims, dataType, tensor: null, stored }
    }
    if (raw !== null && !small) return { name, dims, dataType, tensor: null, stored: { location: null, offset: raw.start, length: raw.end - raw.start } }
    const tensor = this.decode(within, bytes => onnx.TensorProto.decode(bytes))
    return { name, dims, dataType, tensor, stored: null }
  }

  private *fields(start: number, end: number, top: boolean): Generator<Field> {
    let at = start
    while (at < end) {
      const [tag, afterTag] = this.varint(at, end)
      const number = Math.floor(tag / 8)
      const wire = tag % 8
      if (number === 0 || (top && number > 100)) throw this.unreadable('its bytes are not an ONNX model')
      let value = 0
      let from = afterTag
      let next = afterTag
      if (wire === 0) [value, next] = this.varint(afterTag, end)
      else if (wire === 1) next = afterTag + 8
      else if (wire === 5) next = afterTag + 4
      else if (wire === 2) {
        const [length, body] = this.varint(afterTag, end)
        from = body
        next = body + length
      } else throw this.unreadable('its bytes are not an ONNX model')
      if (next > end) {
        if (end !== this.file.size && !top) throw this.unreadable('its bytes are not an ONNX model')
        // A first field that overruns the file is foreign bytes; later ones are a file cut short.
        if (top && at === 0) throw this.unreadable('its bytes are not an ONNX model, or it was cut short')
        throw new LayerscopeError({
          code: 'model-truncated',
          message: `${basename(this.path)} ends after ${String(this.file.size)} bytes, in the middle of the model.`,
          file: this.path,
          hint: 'Download or copy it again: the file is incomplete.'
        })
      }
      yield { number, wire, start: from, end: next, value }
      at = next
    }
  }

  private varint(offset: number, end: number): readonly [number, number] {
    let value = 0
    let scale = 1
    for (let at = offset; at < end && at < offset + 10; at++) {
      const byte = this.file.byteAt(at)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return [value, at + 1]
      scale *= 128
    }
    throw this.unreadable('its bytes are not an ONNX model')
  }

  private text(field: Field): string {
    return new TextDecoder().decode(this.file.bytes(field.start, field.end - field.start))
  }

  private decode<T>(field: Field, decoder: (bytes: Uint8Array) => T): T {
    try {
      return decoder(this.file.bytes(field.start, field.end - field.start))
    } catch (cause) {
      throw this.unreadable('a part of it cannot be decoded', cause)
    }
  }

  private unreadable(why: string, cause?: unknown): LayerscopeError {
    return new LayerscopeError({
      code: 'model-unreadable',
      message: `${basename(this.path)} cannot be read as an ONNX model: ${why}.`,
      file: this.path,
      hint: 'Choose the .onnx file of a transformer, or the folder that holds it.'
    }, cause === undefined ? {} : { cause })
  }
}
