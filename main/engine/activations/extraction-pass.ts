/**
 * The two readings of an extraction: the first counts what each of its positions will hold, the second runs the model and stores it.
 */
import type { SiteInfo } from '../../../preload/contract'
import type { Positions } from '../../../preload/recipe'
import type { SkippedRow } from '../datasets/open-dataset'
import { LayerscopeError } from '../errors'
import type { OpenModel, RunResult } from '../models/open-model'
import { batchesOf, gatherOf, tokenBatch, type BatchLimits } from './batches'
import type { Journal } from './journal'
import { MAX_ALLOCATION_BYTES } from './safetensors'
import type { SiteFiles } from './site-files'
import { encodeWindows, type EncodedRow, type Window, type WindowOptions } from './windows'
import { quantity, written } from '../quantity'

/** Tensors inside one run stay below this, so that memory is flat. */
const MOST_TENSOR_BYTES = 96 * 2 ** 20
/** Token ids and rows kept between counting and running; beyond them texts are tokenized a second time. */
const KEPT_TOKENS = 500_000
const KEPT_ROWS = 32_768
/** Texts counted at a time where there are more rows than are kept. */
const COUNTED_TEXTS = 256

export interface ExtractionProgress {
  /** Vectors stored, one a row and position, of `total`. */
  readonly done: number
  readonly total: number
  readonly rowsPerSecond: number
  readonly secondsLeft: number | null
}

/** What is read, and who hears of it. */
export interface PassOptions extends Pick<WindowOptions, 'model' | 'dataset' | 'text' | 'plan' | 'positions' | 'only' | 'signal'> {
  onProgress?(progress: ExtractionProgress): void
}

export type PassLimits = BatchLimits & { readonly longest: number }

/** What one target will hold; arrays have an entry a stored row, and room for more. */
export interface Count { rows: number; tokens: number; truncated: number; readonly skipped: SkippedRow[]; readonly row: Int32Array; readonly length: Int32Array; readonly position: Int32Array; readonly positionEnd: Int32Array; /** Rows by the token that is read, where a single one is. */ readonly read: Map<number, number> }

/** All targets, and the encoded texts themselves where they are few. */
export interface Counted { readonly targets: readonly Count[]; readonly rows: number; readonly tokens: number; readonly kept: readonly Window[] | null }

export function everyToken(positions: readonly Positions[]): boolean {
  return positions.some(({ kind }) => kind === 'all')
}

/** First reading of the texts: the files' sizes, what is skipped, and the ids themselves where they are few. */
export async function countRows(options: PassOptions, longest: number): Promise<Counted> {
  const column = (): Int32Array => new Int32Array(options.dataset.summary.rows)
  const targets = options.positions.map((): Count => ({ rows: 0, tokens: 0, truncated: 0, skipped: [], row: column(), length: column(), position: column(), positionEnd: column(), read: new Map() }))
  const at = (target: number): Count => targets[target] as Count
  const { only, plan, dataset } = options
  const few = Math.min(dataset.summary.rows, plan.limit ?? Infinity, only?.size ?? Infinity) <= KEPT_ROWS
  let kept: Window[] | null = few ? [] : null
  let [keptTokens, keptRows] = [0, 0]
  for await (const window of encodeWindows({
    ...options, longest,
    // Windows that will not be kept need not be those of the run: small ones leave little for the garbage collector.
    ...few ? {} : { windowTexts: COUNTED_TEXTS },
    onSkipped(skipped, target) { at(target).skipped.push(skipped) },
    onTruncated(target) { at(target).truncated += 1 }
  })) {
    for (const { target, row, ids, kept: tokens } of window.rows) {
      const count = at(target)
      const slot = count.rows++
      count.row[slot] = row
      count.length[slot] = ids.length
      count.position[slot] = tokens.first
      count.positionEnd[slot] = tokens.end
      count.tokens += ids.length
      const id = tokens.end === tokens.first + 1 ? ids[tokens.first] : undefined
      if (id !== undefined) count.read.set(id, (count.read.get(id) ?? 0) + 1)
    }
    for (const ids of new Set(window.rows.map(row => row.ids))) keptTokens += ids.length
    keptRows += window.rows.length
    if (keptTokens > KEPT_TOKENS || keptRows > KEPT_ROWS) kept = null
    kept?.push(window)
  }
  return { targets, rows: keptRows, tokens: targets.reduce((sum, { tokens }) => sum + tokens, 0), kept }
}

/** Batches whose tensors, inside the model and kept, fit into bounded memory. */
export function limitsOf(model: OpenModel, sites: readonly (SiteInfo & { readonly width: number })[], tokens: number, everyTokenKept: boolean): PassLimits {
  const { hidden, heads } = model.summary
  // Widest row of floats a token has inside the model, as far as the summary tells.
  const inside = Math.max(4 * hidden, ...sites.map(({ width }) => width))
  // The runtime returns every asked site for every token; what is kept of it is picked afterwards.
  const returned = sites.reduce((sum, { width }) => sum + width, 0)
  const attentionHeads = heads ?? Math.ceil(hidden / 64)
  const rowBytes = (length: number): number => 4 * Math.max(inside * length, returned * length, attentionHeads * length * length)
  let longest = 1
  while (rowBytes(longest * 2) < MAX_ALLOCATION_BYTES) longest *= 2
  return {
    tokens, batching: model.batching, longest,
    keptOf: ({ ids }) => everyTokenKept ? ids.length : 1, kept: Math.floor(MOST_TENSOR_BYTES / (4 * returned)),
    rowsAt: length => Math.max(1, Math.floor(MOST_TENSOR_BYTES / rowBytes(length)))
  }
}

/** The running part: batches through the model, one being stored while the next one is computed. */
export class ExtractionPass {
  /** Different texts × length of all batches, those of earlier calls included. */
  paddedTokens = 0
  /** Tokens the model ran in this call. */
  computedTokens = 0
  resumedRows = 0
  /** Of this call, once `finish` has ended. */
  seconds = 0
  rowsPerSecond = 0
  private done = 0
  private tokensDone = 0
  private tokensResumed = 0
  private readonly started = performance.now()

  constructor(
    private readonly options: PassOptions,
    private readonly sites: readonly string[],
    /** Of each target. */
    private readonly files: readonly SiteFiles[],
    private readonly journal: Journal,
    private readonly limits: PassLimits,
    private readonly counted: Counted,
    /** Batches that an earlier call finished. */
    private readonly finished: number
  ) {}

  async finish(): Promise<void> {
    const { signal } = this.options
    let index = 0
    let running: { readonly index: number; readonly rows: readonly EncodedRow[]; readonly result: Promise<RunResult> } | null = null
    this.report()
    for await (const window of this.counted.kept ?? encodeWindows({ ...this.options, longest: this.limits.longest })) {
      for (const rows of batchesOf(window, this.limits)) {
        const batch = index++
        const tokens = tokenBatch(rows)
        this.paddedTokens += tokens.rows * tokens.length
        if (batch < this.finished) {
          this.resume(rows)
          continue
        }
        if (signal?.aborted === true) break
        const result = this.options.model.run(tokens, this.sites, gatherOf(rows, everyToken(this.options.positions)))
        // Awaited one turn of the loop later; until then a rejection has no listener.
        result.catch(() => undefined)
        const previous = running
        running = { index: batch, rows, result }
        if (previous !== null) await this.store(previous.index, previous.rows, await previous.result)
      }
      if (signal?.aborted === true) break
    }
    if (running !== null) await this.store(running.index, running.rows, await running.result)
    if (signal?.aborted === true && this.done < this.counted.rows) {
      throw new LayerscopeError({
        code: 'cancelled', message: `Cancelled after ${written(this.done)} of ${quantity(this.counted.rows, 'row')}.`, hint: 'What was stored is kept: running again goes on from there.'
      })
    }
  }

  private resume(rows: readonly EncodedRow[]): void {
    this.resumedRows += rows.length
    this.done += rows.length
    for (const { ids } of rows) {
      this.tokensDone += ids.length
      this.tokensResumed += ids.length
    }
  }

  private async store(index: number, rows: readonly EncodedRow[], tensors: RunResult): Promise<void> {
    this.computedTokens += tensors.computedTokens
    for (const [target, files] of this.files.entries()) {
      const begin = rows.findIndex(row => row.target === target)
      if (begin < 0) continue
      const end = rows.findLastIndex(row => row.target === target) + 1
      files.write(rows.slice(begin, end), end - begin === rows.length ? tensors : rowsOf(tensors, rows.length, begin, end))
    }
    await Promise.all(this.files.map(files => files.sync()))
    await this.journal.finish(index, rows.length)
    this.done += rows.length
    for (const { ids } of rows) this.tokensDone += ids.length
    this.report()
  }

  private report(): void {
    this.seconds = (performance.now() - this.started) / 1000
    this.rowsPerSecond = (this.done - this.resumedRows) / Math.max(this.seconds, 1e-3)
    const tokensPerSecond = (this.tokensDone - this.tokensResumed) / Math.max(this.seconds, 1e-3)
    this.options.onProgress?.({
      done: this.done, total: this.counted.rows, rowsPerSecond: this.rowsPerSecond,
      // By tokens: the longest rows of a window come first.
      secondsLeft: tokensPerSecond === 0 ? null : (this.counted.tokens - this.tokensDone) / tokensPerSecond
    })
  }
}

/** Vectors `begin` to `end` of a batch's `rows` at every site. */
function rowsOf(tensors: RunResult, rows: number, begin: number, end: number): Pick<RunResult, 'get'> {
  return {
    get(site) {
      const tensor = tensors.get(site)
      const width = (tensor?.data.length ?? 0) / rows
      return tensor && { data: tensor.data.subarray(begin * width, end * width), shape: [end - begin, width] }
    }
  }
}
