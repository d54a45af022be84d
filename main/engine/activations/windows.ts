/**
 * Texts as token ids in dataset order, a window at a time: memory is bounded by the window, whatever the dataset's size.
 */
import { setImmediate } from 'node:timers/promises'
import type { ExtractionPlan, Positions, TextSource } from '../../../preload/recipe'
import type { OpenDataset, SkippedRow } from '../datasets/open-dataset'
import type { Encoding, OpenModel } from '../models/open-model'
import { positionOf, spanSourceOf, type TokenRange } from './positions'

/** A text that will be run, for one of the positions that are kept of it. */
export interface EncodedRow {
  /** Which of the pass's positions. */
  readonly target: number
  /** Place among the rows that are stored for these positions, 0 … rows − 1 in dataset order. */
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
  readonly plan: Omit<ExtractionPlan, 'positions'>
  /** What is kept of each text, a target each; every token, or words, alone. */
  readonly positions: readonly Positions[]
  /** Dataset rows to read; all where left out. */
  readonly only?: ReadonlySet<number> | undefined
  /** Different texts of a window; an extraction that is resumed needs the same. */
  readonly windowTexts?: number | undefined
  /** Longest row, in tokens, that fits one allocation. */
  readonly longest: number
  readonly signal?: AbortSignal | undefined
  /** A row that has no vector at a target. */
  onSkipped?(skipped: SkippedRow, target: number): void
  onTruncated?(target: number): void
}

/** The same windows at every call: a resumed extraction finds its batches again. */
export async function * encodeWindows(options: WindowOptions): AsyncGenerator<Window> {
  const { model, dataset, text, plan, positions, only, longest, signal } = options
  const everyToken = positions.some(({ kind }) => kind === 'all')
  // Of each target: where its next row, and the tokens of that row, go.
  const targets = positions.map(own => ({ own, slot: 0, firstToken: 0 }))
  let rows: EncodedRow[] = []
  const windowTexts = options.windowTexts ?? WINDOW_TEXTS
  const byCharacters = spanSourceOf(positions) !== null
  let pool = new Pool()
  let encodings = new Map<string, Encoding>()
  let tokens = 0
  let turn = 0
  const skipEverywhere = (skipped: SkippedRow): void => { for (const target of targets.keys()) options.onSkipped?.(skipped, target) }
  for await (const chunk of dataset.texts(text, spanSourceOf(positions), plan.limit)) {
    for (const skipped of chunk.skipped) if (only?.has(skipped.row) !== false) skipEverywhere(skipped)
    for (const row of chunk.texts) {
      if (only?.has(row.row) === false) continue
      if (++turn % TEXTS_A_TURN === 0) {
        await setImmediate()
        signal?.throwIfAborted()
      }
      const seen = everyToken ? undefined : encodings.get(row.text)
      const encoding = seen ?? pooled(model.tokenizer.encode(row.text), byCharacters, pool)
      encodings.set(row.text, encoding)
      const { ids, truncated } = encoding
      if (ids.length > longest) {
        skipEverywhere({ row: row.row, reason: `The text has ${ids.length} tokens; this model's attention over more than ${longest} does not fit one block of memory.` })
        continue
      }
      for (const [target, place] of targets.entries()) {
        const kept = positionOf(encoding, row, place.own)
        if (typeof kept === 'string') {
          options.onSkipped?.({ row: row.row, reason: kept }, target)
          continue
        }
        if (truncated > 0) options.onTruncated?.(target)
        rows.push({ target, slot: place.slot, row: row.row, ids, kept, firstToken: place.firstToken })
        place.slot += 1
        place.firstToken += ids.length
      }
      if (seen === undefined) tokens += ids.length
      if (encodings.size >= windowTexts || rows.length >= WINDOW_ROWS || tokens >= WINDOW_TOKENS) {
        yield { rows }
        rows = []
        pool = new Pool()
        encodings = new Map()
        tokens = 0
      }
    }
  }
  if (rows.length > 0) yield { rows }
}

const noOffsets = new Int32Array(0)

/** The encoding with its arrays in the pool; offsets only where positions go by characters. */
function pooled({ ids, offsets, truncated }: Encoding, byCharacters: boolean, pool: Pool): Encoding {
  return { ids: pool.keep(ids), offsets: byCharacters ? pool.keep(offsets) : noOffsets, truncated }
}

/** Values of a block of the pool. */
const BLOCK_VALUES = 16_384

/** Small arrays side by side in large ones: thousands of buffers of their own would outlive the garbage collector's short rounds. */
class Pool {
  private block = new Int32Array(0)
  private used = 0

  keep(values: Int32Array): Int32Array {
    if (this.used + values.length > this.block.length) {
      this.block = new Int32Array(Math.max(BLOCK_VALUES, values.length))
      this.used = 0
    }
    const kept = this.block.subarray(this.used, this.used += values.length)
    kept.set(values)
    return kept
  }
}
