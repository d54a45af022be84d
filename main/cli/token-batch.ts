import { openSafetensors } from '../engine/activations/index'
import { LayerscopeError } from '../engine/errors'
import type { OpenModel, TokenBatch } from '../engine/models/index'
import type { Terminal } from './terminal'

export interface BatchInput {
  readonly batch: TokenBatch
  /** Of each row the tokens that were cut off because the model reads no more. */
  readonly truncatedTokens: readonly number[]
}

/** What a command was given as `--ids`, else as `--text`; texts that are cut are told on stderr. */
export async function batchInput(model: OpenModel, { ids, text = [] }: { readonly ids?: string; readonly text?: readonly string[] }, terminal: Terminal): Promise<BatchInput> {
  if (ids === undefined) return batchOfTexts(model, text, terminal)
  const batch = await readBatch(ids)
  return { batch, truncatedTokens: Array.from({ length: batch.rows }, () => 0) }
}

/** Texts as one right-padded batch. */
function batchOfTexts(model: OpenModel, texts: readonly string[], terminal: Terminal): BatchInput {
  const encodings = texts.map((text, index) => {
    const encoding = model.tokenizer.encode(text)
    if (encoding.ids.length === 0) throw new LayerscopeError({ code: 'text-empty', message: `Text ${index + 1} has no tokens.`, row: index + 1 })
    if (encoding.truncated > 0) terminal.warn(`Text ${index + 1} is longer than the model reads: of its ${encoding.ids.length + encoding.truncated} tokens ${encoding.truncated} were cut off.`)
    return encoding
  })
  const rows = encodings.map(({ ids }) => ids)
  const length = Math.max(...rows.map(ids => ids.length))
  const inputIds = new Int32Array(rows.length * length)
  const attentionMask = new Uint8Array(rows.length * length)
  rows.forEach((ids, row) => {
    inputIds.set(ids, row * length)
    attentionMask.fill(1, row * length, row * length + ids.length)
  })
  return { batch: { rows: rows.length, length, inputIds, attentionMask }, truncatedTokens: encodings.map(({ truncated }) => truncated) }
}

/** A batch somebody else tokenized: `input_ids` and `attention_mask`, [rows, length] each. Padding may stand on either side. */
async function readBatch(path: string): Promise<TokenBatch> {
  const file = await openSafetensors(path)
  try {
    const [ids, mask] = [await file.readInt32('input_ids'), await file.readInt32('attention_mask')]
    const shape = file.tensors.get('input_ids')?.shape ?? []
    const [rows = 0, length = 0] = shape
    if (shape.length !== 2 || file.tensors.get('attention_mask')?.shape.join() !== shape.join() || ids.length === 0) {
      throw new LayerscopeError({ code: 'ids-malformed', message: 'input_ids and attention_mask must have the same shape [rows, length] and hold something.', file: path })
    }
    for (let row = 0; row < rows; row++) {
      const real = mask.subarray(row * length, (row + 1) * length)
      const first = real.findIndex(one => one !== 0)
      if (first < 0) throw new LayerscopeError({ code: 'ids-malformed', message: 'A row has no token that attention_mask lets through.', file: path, row: row + 1 })
      const last = real.findLastIndex(one => one !== 0)
      if (real.subarray(first, last).some(one => one === 0)) throw new LayerscopeError({ code: 'ids-malformed', message: 'attention_mask has a hole: padding may stand only at the ends of a row.', file: path, row: row + 1 })
    }
    return { rows, length, inputIds: ids, attentionMask: Uint8Array.from(mask, value => value === 0 ? 0 : 1) }
  } finally {
    await file.close()
  }
}
