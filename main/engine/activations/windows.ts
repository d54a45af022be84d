/**
 * Texts as token ids in dataset order, a window at a time: memory is bounded by the window, whatever the dataset's size.
 */
import { setImmediate } from 'node:timers/promises'
import type { ExtractionPlan, TextSource } from '../../../preload/recipe'
import type { OpenDataset, SkippedRow } from '../datasets/open-dataset'
import type { Encoding, OpenModel } from '../models/open-model'
import { positionOf, spanSourceOf, type TokenRange } from './positions'

/** A text that will be run. */
export interface EncodedRow {
  /** Place among the rows that are stored, 0 … rows − 1 in dataset order. */
  readonly slot: number
  /** 0-based row of the dataset. */
  readonly row: number
  /** Rows of a window with the same text share one array, unless every token is kept: the model runs it once. */
  readonly ids: Int32Array
  /** Tokens whose mean is kept. */
  readonly kept: TokenRange
  /** Tokens of all stored rows before this one: where its tokens lie when every token is kept. */
  readonly firstToken: number
}

export interface Window { readonly rows: readonly EncodedRow[] }

/** Different texts of a window. */
const WINDOW_TEXTS = 4096
/** Rows of a window: more than texts where many rows are words of one text. */
const WINDOW_ROWS = 32_768
const WINDOW_TOKENS = 262_144
/** Texts tokenized before other work of the process gets its turn. */
const TEXTS_A_TURN = 64

export interface WindowOptions {
  readonly model: OpenModel
  readonly dataset: OpenDataset
  readonly text: TextSource
  readonly plan: ExtractionPlan
  /** Longest row, in tokens, that fits one allocation. */
  readonly longest: number
  readonly signal?: AbortSignal | undefined
  onSkipped?(skipped: SkippedRow): void
  onTruncated?(): void
}

/** The same windows at every call: a resumed extraction finds its batches again. */
export async function * encodeWindows(options: WindowOptions): AsyncGenerator<Window> {
  const { model, dataset, text, plan, longest, signal } = options
  const everyToken = plan.positions.kind === 'all'
  let slot = 0
  let firstToken = 0
  let rows: EncodedRow[] = []
  let encodings = new Map<string, Encoding>()
  let tokens = 0
  let turn = 0
  for await (const chunk of dataset.texts(text, spanSourceOf(plan.positions), plan.limit)) {
    for (const skipped of chunk.skipped) options.onSkipped?.(skipped)
    for (const row of chunk.texts) {
      if (++turn % TEXTS_A_TURN === 0) {
        await setImmediate()
        signal?.throwIfAborted()
      }
      const seen = everyToken ? undefined : encodings.get(row.text)
      const encoding = seen ?? model.tokenizer.encode(row.text)
      encodings.set(row.text, encoding)
      const kept = positionOf(encoding, row, plan.positions)
      if (typeof kept === 'string') {
        options.onSkipped?.({ row: row.row, reason: kept })
        continue
      }
      if (encoding.ids.length > longest) {
        options.onSkipped?.({ row: row.row, reason: `The text has ${encoding.ids.length} tokens; this model's attention over more than ${longest} does not fit one block of memory.` })
        continue
      }
      if (encoding.truncated > 0) options.onTruncated?.()
      rows.push({ slot, row: row.row, ids: encoding.ids, kept, firstToken })
      slot += 1
      firstToken += encoding.ids.length
      if (seen === undefined) tokens += encoding.ids.length
      if (encodings.size >= WINDOW_TEXTS || rows.length >= WINDOW_ROWS || tokens >= WINDOW_TOKENS) {
        yield { rows }
        rows = []
        encodings = new Map()
        tokens = 0
      }
    }
  }
  if (rows.length > 0) yield { rows }
}
