/**
 * Streams a dataset's texts through a model and stores the activations asked for.
 */
import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExtractionSummary, SiteInfo } from '../../../preload/contract'
import type { ExtractionPlan, TextSource } from '../../../preload/recipe'
import type { OpenDataset, SkippedRow } from '../datasets/open-dataset'
import { LayerscopeError, errorReport } from '../errors'
import { lockFolder } from '../folder-lock'
import type { OpenModel, RunResult } from '../models/open-model'
import { batchesOf, gatherOf, tokenBatch, type BatchLimits } from './batches'
import { Journal, readJournal } from './journal'
import { MANIFEST_FILE, readManifest, writeManifest, type Manifest } from './manifest'
import { MAX_ALLOCATION_BYTES, writeSafetensors } from './safetensors'
import { SiteFiles, siteFile, siteFilesFit, type SiteFilesShape } from './site-files'
import { ROWS_FILE, writeRowsTable } from './rows-table'
import { encodeWindows, type EncodedRow, type Window } from './windows'

const JOURNAL_FILE = 'extraction.journal'
/** Part of the key: raised when the same plan would give other numbers or other files. */
const EXTRACTION_VERSION = 2
/**
 * Padded tokens of a batch when the plan leaves the choice. Measured with MiniLM on 2 cores: 256 gives 845 rows/s, 512 905,
 * 1,024 930, 2,048 985 for 25 MB more.
 */
const DEFAULT_BATCH_TOKENS = 1024
/** The same where rows share what they begin with: batches that end in a half-filled pack are to be few. */
const DEFAULT_PREFIX_TOKENS = 4096
/** Tensors inside one run stay below this, so that memory is flat. */
const MOST_TENSOR_BYTES = 96 * 2 ** 20
/** Token ids and rows kept between counting and running; beyond them texts are tokenized a second time. */
const KEPT_TOKENS = 500_000
const KEPT_ROWS = 32_768

export interface ExtractionProgress {
  /** Rows stored, of `total`. */
  readonly done: number
  readonly total: number
  readonly rowsPerSecond: number
  readonly secondsLeft: number | null
}

export interface ExtractionOptions {
  readonly model: OpenModel
  readonly dataset: OpenDataset
  readonly text: TextSource
  readonly plan: ExtractionPlan
  /** Made if it is missing. One key to a folder. */
  readonly folder: string
  readonly signal?: AbortSignal | undefined
  onStage?(stage: 'tokenizing' | 'extracting' | 'saving'): void
  onProgress?(progress: ExtractionProgress): void
}

/**
 * Sites of the plan in depth order, default ones where it names none.
 * @throws LayerscopeError `site-unknown`, `site-not-storable`
 */
export function sitesOf(model: OpenModel, plan: ExtractionPlan): readonly (SiteInfo & { readonly width: number })[] {
  const asked = new Set(plan.sites ?? model.summary.defaultSites)
  const known = new Set(model.sites.map(({ name }) => name))
  const unknown = [...asked].find(name => !known.has(name))
  if (unknown !== undefined) {
    throw new LayerscopeError({ code: 'site-unknown', message: `${model.summary.name} has no site ${JSON.stringify(unknown)}.`, field: 'sites', hint: 'The model view and `layerscope info` list its sites.' })
  }
  return model.sites.filter(({ name }) => asked.has(name)).map(site => {
    if (site.width === null) {
      throw new LayerscopeError({ code: 'site-not-storable', message: `${site.name} has no vector of fixed width for a token, so it cannot be extracted.`, field: 'sites', hint: 'Use trace to write it whole for one batch.' })
    }
    return { ...site, width: site.width }
  })
}

/** Hash of everything that decides the stored values: work with the same key is never done twice. */
export function extractionKey(model: OpenModel, dataset: OpenDataset, text: TextSource, plan: ExtractionPlan): string {
  const parts = [
    EXTRACTION_VERSION, model.summary.hash, dataset.summary.hash, dataset.summary.read.delimiter ?? null, dataset.summary.read.header ?? null,
    text, plan.positions, sitesOf(model, plan).map(({ name }) => name), plan.dtype, plan.limit,
    // An interrupted extraction goes on from the same batches.
    ...(model.batching === 'prefix' ? ['prefix'] : [])
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/**
 * Extracts into `folder`: a safetensors file a site, `rows.safetensors`, `rows.parquet`, `manifest.json` last.
 * Interrupted by a kill, a full disk or `signal`, what was stored stays and the next call with the same key goes on from there;
 * a finished folder with the same key is returned as it is.
 * @throws LayerscopeError `store-in-use`, `store-of-another-key`, `nothing-to-extract`, `disk-full`, `cancelled`, and those of the model and dataset
 */
export async function extract(options: ExtractionOptions): Promise<ExtractionSummary> {
  await mkdir(options.folder, { recursive: true })
  const lock = await lockFolder(options.folder, {
    code: 'store-in-use', message: 'Another extraction is writing to this folder.', file: options.folder, hint: 'Wait for it to end, or choose another folder.'
  })
  try {
    return await extractLocked(options)
  } catch (error) {
    throw isDiskFull(error) ? new LayerscopeError({
      code: 'disk-full', message: 'The disk is full: the extraction stopped.', file: options.folder, hint: 'Free some space and run again: what was stored is kept.'
    }, { cause: error }) : error
  } finally {
    await lock.release()
  }
}

/** DuckDB, which writes the table of rows, tells a full disk in words only. */
function isDiskFull(error: unknown): boolean {
  return errorReport(error).code === 'disk-full' || (error instanceof Error && !(error instanceof LayerscopeError) && /no space left on device|disk quota exceeded|not enough space on the disk/i.test(error.message))
}

interface Count { rows: number; tokens: number; truncated: number; readonly skipped: SkippedRow[]; readonly row: Int32Array; readonly length: Int32Array; readonly position: Int32Array; readonly positionEnd: Int32Array; readonly kept: Window[] | null }

async function extractLocked(options: ExtractionOptions): Promise<ExtractionSummary> {
  const { model, dataset, text, plan, folder, signal } = options
  signal?.throwIfAborted()
  const sites = sitesOf(model, plan)
  const everyToken = plan.positions.kind === 'all'
  const key = extractionKey(model, dataset, text, plan)
  const journalFile = join(folder, JOURNAL_FILE)
  const [manifest, journal] = [await readManifest(folder), await readJournal(journalFile)]
  for (const found of [manifest?.key, journal?.header.key]) {
    if (found === undefined || found === key) continue
    throw new LayerscopeError({
      code: 'store-of-another-key', message: 'The folder holds activations of another model, dataset or plan.', file: folder,
      hint: 'Choose another folder, or delete this one.'
    })
  }
  const shapeOf = (rows: number, tokens: number): SiteFilesShape => ({ sites, dtype: plan.dtype, rows, tokens, everyToken })
  if (manifest !== null && await siteFilesFit(folder, shapeOf(manifest.extraction.rows, manifest.extraction.tokens))) {
    return { ...manifest.extraction, resumedRows: manifest.extraction.rows }
  }
  await rm(join(folder, MANIFEST_FILE), { force: true })

  options.onStage?.('tokenizing')
  // A model that runs shared beginnings once picks its session by the batch: one token would load another.
  if (model.batching !== 'prefix') warmUp(model, sites.map(({ name }) => name))
  const limits = limitsOf(model, sites, journal?.header.batchTokens ?? plan.batchTokens ?? (model.batching === 'prefix' ? DEFAULT_PREFIX_TOKENS : DEFAULT_BATCH_TOKENS), everyToken)
  const count = await countRows(options, limits.longest)
  if (count.rows === 0) {
    const [first] = count.skipped
    throw new LayerscopeError({
      code: 'nothing-to-extract', message: first === undefined ? 'The dataset has no rows.' : `None of the ${count.skipped.length} rows gives a text to run. The first: ${first.reason}`,
      file: dataset.summary.path, ...(first === undefined ? {} : { row: first.row + 1 })
    })
  }
  const shape = shapeOf(count.rows, count.tokens)
  const resumable = journal !== null && journal.header.rows === count.rows && journal.header.tokens === count.tokens && await siteFilesFit(folder, shape)
  const writing = resumable ? await Journal.resume(journalFile, journal.bytes) : await beginJournal(journalFile, key, count, limits.tokens)
  const files = await SiteFiles.open(folder, shape, !resumable)
  options.onStage?.('extracting')
  const run = new Extraction(options, sites.map(({ name }) => name), files, writing, limits, count, resumable ? journal.batches : 0)
  try {
    await run.finish()
  } finally {
    await files.close()
    await writing.close()
  }

  options.onStage?.('saving')
  const column = (values: Int32Array): Int32Array => values.subarray(0, count.rows)
  const row = column(count.row)
  await writeSafetensors(join(folder, ROWS_FILE), [
    { name: 'row', dtype: 'I32', shape: [count.rows], data: row },
    { name: 'tokens', dtype: 'I32', shape: [count.rows], data: column(count.length) },
    { name: 'position', dtype: 'I32', shape: [count.rows], data: column(count.position) },
    { name: 'position_end', dtype: 'I32', shape: [count.rows], data: column(count.positionEnd) }
  ])
  const textColumn = await writeRowsTable(folder, dataset, text, plan.limit, row)
  const extraction: ExtractionSummary = {
    rows: count.rows, tokens: count.tokens, paddedTokens: run.paddedTokens, computedTokens: run.computedTokens, seconds: run.seconds, rowsPerSecond: run.rowsPerSecond,
    sites: sites.map(({ name, width }) => ({ name, width })), skipped: count.skipped, truncated: count.truncated,
    resumedRows: run.resumedRows, provider: model.provider.name
  }
  await writeManifest(folder, manifestOf(options, key, sites, textColumn, extraction))
  await rm(journalFile, { force: true })
  return extraction
}

/** Loads the weights for these sites in the model's thread while this one tokenizes. What fails here fails again, and is told, at the first batch. */
function warmUp(model: OpenModel, sites: readonly string[]): void {
  const batch = { rows: 1, length: 1, inputIds: Int32Array.of(0), attentionMask: Uint8Array.of(1) }
  model.run(batch, sites, { kind: 'positions', positions: [Int32Array.of(0)] }).catch(() => undefined)
}

function manifestOf(
  { model, dataset, text, plan }: ExtractionOptions, key: string, sites: readonly (SiteInfo & { readonly width: number })[], textColumn: string, extraction: ExtractionSummary
): Manifest {
  return {
    format: 'layerscope-activations', version: 1, key, createdAt: new Date().toISOString(),
    model: { name: model.summary.name, path: model.summary.path, hash: model.summary.hash, family: model.summary.family },
    dataset: { name: dataset.summary.name, path: dataset.summary.path, hash: dataset.summary.hash, read: dataset.summary.read },
    text, textColumn, plan,
    sites: sites.map(({ name, width, layer, kind }) => ({ name, width, layer, kind, file: siteFile(name) })),
    extraction: { ...extraction, sites: [...extraction.sites], skipped: [...extraction.skipped] }
  }
}

async function beginJournal(file: string, key: string, { rows, tokens }: Count, batchTokens: number): Promise<Journal> {
  return await Journal.begin(file, { format: 'layerscope-extraction', version: 1, key, rows, tokens, batchTokens })
}

/** First reading of the texts: the files' sizes, what is skipped, and the ids themselves where they are few. */
async function countRows(options: ExtractionOptions, longest: number): Promise<Count> {
  const column = (): Int32Array => new Int32Array(options.dataset.summary.rows)
  const count: Count = { rows: 0, tokens: 0, truncated: 0, skipped: [], row: column(), length: column(), position: column(), positionEnd: column(), kept: [] }
  let kept: Window[] | null = []
  let keptTokens = 0
  for await (const window of encodeWindows({
    ...options, longest,
    onSkipped(skipped) { count.skipped.push(skipped) },
    onTruncated() { count.truncated += 1 }
  })) {
    for (const { row, ids, kept: tokens } of window.rows) {
      const slot = count.rows++
      count.row[slot] = row
      count.length[slot] = ids.length
      count.position[slot] = tokens.first
      count.positionEnd[slot] = tokens.end
      count.tokens += ids.length
    }
    for (const ids of new Set(window.rows.map(row => row.ids))) keptTokens += ids.length
    if (keptTokens > KEPT_TOKENS || count.rows > KEPT_ROWS) kept = null
    kept?.push(window)
  }
  return { ...count, kept }
}

function limitsOf(model: OpenModel, sites: readonly (SiteInfo & { readonly width: number })[], tokens: number, everyToken: boolean): BatchLimits & { readonly longest: number } {
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
    keptOf: ({ ids }) => everyToken ? ids.length : 1, kept: Math.floor(MOST_TENSOR_BYTES / (4 * returned)),
    rowsAt: length => Math.max(1, Math.floor(MOST_TENSOR_BYTES / rowBytes(length)))
  }
}

/** The running part: batches through the model, one being stored while the next one is computed. */
class Extraction {
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
    private readonly options: ExtractionOptions,
    private readonly sites: readonly string[],
    private readonly files: SiteFiles,
    private readonly journal: Journal,
    private readonly limits: BatchLimits & { readonly longest: number },
    private readonly count: Count,
    /** Batches that an earlier call finished. */
    private readonly finished: number
  ) {}

  async finish(): Promise<void> {
    const { signal } = this.options
    let index = 0
    let running: { readonly index: number; readonly rows: readonly EncodedRow[]; readonly result: Promise<RunResult> } | null = null
    this.report()
    for await (const window of this.count.kept ?? encodeWindows({ ...this.options, longest: this.limits.longest })) {
      for (const rows of batchesOf(window, this.limits)) {
        const batch = index++
        const tokens = tokenBatch(rows)
        this.paddedTokens += tokens.rows * tokens.length
        if (batch < this.finished) {
          this.resume(rows)
          continue
        }
        if (signal?.aborted === true) break
        const result = this.options.model.run(tokens, this.sites, gatherOf(rows, this.options.plan.positions.kind === 'all'))
        // Awaited one turn of the loop later; until then a rejection has no listener.
        result.catch(() => undefined)
        const previous = running
        running = { index: batch, rows, result }
        if (previous !== null) await this.store(previous.index, previous.rows, await previous.result)
      }
      if (signal?.aborted === true) break
    }
    if (running !== null) await this.store(running.index, running.rows, await running.result)
    if (signal?.aborted === true && this.done < this.count.rows) {
      throw new LayerscopeError({
        code: 'cancelled', message: `Cancelled after ${this.done} of ${this.count.rows} rows.`, hint: 'What was stored is kept: running again goes on from there.'
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
    this.files.write(rows, tensors)
    await this.files.sync()
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
      done: this.done, total: this.count.rows, rowsPerSecond: this.rowsPerSecond,
      // By tokens: the longest rows of a window come first.
      secondsLeft: tokensPerSecond === 0 ? null : (this.count.tokens - this.tokensDone) / tokensPerSecond
    })
  }
}
