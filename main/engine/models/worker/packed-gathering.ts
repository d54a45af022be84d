import type { Gather, Tensor, TokenBatch } from '../open-model'
import type { Pack } from '../readable-model'
import type { RawOutputs } from './sessions'
import type { MeasuredSite } from '../site-plan'

/** Brings the outputs of packs back to the rows of their batch, pack by pack: the same tensors as a padded run gives. Padding is zero. */
export class PackedGathering {
  private readonly results: readonly { readonly site: MeasuredSite; readonly data: Float32Array<ArrayBuffer>; readonly shape: readonly number[] }[]
  /** Where a row's tokens begin when every token is kept. */
  private readonly firstToken: Int32Array
  /** Entries that are read from each batch row. */
  private readonly entriesOf: readonly (readonly number[])[]

  constructor(sites: readonly MeasuredSite[], private readonly batch: TokenBatch, private readonly gather: Gather) {
    const { rows, length, attentionMask } = batch
    this.firstToken = new Int32Array(rows + 1)
    for (let row = 0; row < rows; row++) {
      const real = attentionMask.subarray(row * length, (row + 1) * length).reduce((total, one) => total + one, 0)
      this.firstToken[row + 1] = (this.firstToken[row] ?? 0) + real
    }
    this.entriesOf = entriesByRow(gather, rows)
    this.results = sites.map(site => {
      const { width, headDim } = site
      const kept = gather.kind === 'tokens' ? [this.firstToken[rows] ?? 0] : gather.kind === 'positions' ? [gather.positions.length] : [rows, length]
      const shape = gather.kind === 'whole' && headDim !== null ? [...kept, width / headDim, headDim] : [...kept, width]
      return { site, shape, data: new Float32Array(kept.reduce((product, dim) => product * dim, width)) }
    })
  }

  add({ rows }: Pack, outputs: RawOutputs): void {
    for (const { site, data } of this.results) {
      const output = outputs.get(site.source)?.data
      if (output === undefined) continue
      for (const { row, slots } of rows) this.take(output, data, site.width, row, slots)
    }
  }

  tensors(): [string, Tensor & { readonly data: Float32Array<ArrayBuffer> }][] {
    return this.results.map(({ site, data, shape }) => [site.name, { data, shape }])
  }

  private take(output: Float32Array, data: Float32Array, width: number, row: number, slots: Int32Array): void {
    const { gather, batch: { length, attentionMask } } = this
    const copy = (slot: number, to: number): void => { data.set(output.subarray(slot * width, (slot + 1) * width), to * width) }
    if (gather.kind === 'tokens') {
      slots.forEach((slot, token) => { copy(slot, (this.firstToken[row] ?? 0) + token) })
      return
    }
    if (gather.kind === 'whole') {
      let token = 0
      for (let position = 0; position < length; position++) if (attentionMask[row * length + position] === 1) copy(slots[token++] ?? 0, row * length + position)
      return
    }
    const slotAt = this.slotsByPosition(row, slots)
    for (const entry of this.entriesOf[row] ?? []) {
      const positions = gather.positions[entry] ?? new Int32Array(0)
      if (positions.length === 1) {
        copy(slotAt(positions[0] ?? 0), entry)
        continue
      }
      const target = data.subarray(entry * width, (entry + 1) * width)
      for (const position of positions) {
        const from = slotAt(position) * width
        for (let column = 0; column < width; column++) target[column] = (target[column] ?? 0) + (output[from + column] ?? 0)
      }
      const share = 1 / Math.max(1, positions.length)
      for (let column = 0; column < width; column++) target[column] = (target[column] ?? 0) * share
    }
  }

  /** The slot at a position of the padded row, wherever its padding stands. */
  private slotsByPosition(row: number, slots: Int32Array): (position: number) => number {
    const { length, attentionMask } = this.batch
    return position => slots[attentionMask.subarray(row * length, row * length + position).reduce((before, real) => before + real, 0)] ?? 0
  }
}

function entriesByRow(gather: Gather, rows: number): readonly (readonly number[])[] {
  const entries: number[][] = Array.from({ length: rows }, () => [])
  if (gather.kind === 'positions') gather.positions.forEach((_, entry) => entries[gather.batchRows?.[entry] ?? entry]?.push(entry))
  return entries
}
