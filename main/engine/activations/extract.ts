/**
 * Streams a dataset's texts through a model and stores the activations asked for.
 */
import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExtractionSummary, SiteInfo } from '../../../preload/contract'
import type { ExtractionPlan, Positions, TextSource } from '../../../preload/recipe'
import type { OpenDataset, SkippedRow } from '../datasets/open-dataset'
import { LayerscopeError, errorReport } from '../errors'
import { quoted } from '../quoted'
import { lockFolder } from '../folder-lock'
import type { OpenModel } from '../models/open-model'
import { countRows, everyToken, ExtractionPass, limitsOf, type Count, type PassOptions } from './extraction-pass'
import { Journal, readJournal } from './journal'
import { MANIFEST_FILE, readManifest, writeManifest, type Manifest } from './manifest'
import { writeSafetensors } from './safetensors'
import { sparingMemory } from './sparing-memory'
import { SiteFiles, siteFile, siteFilesFit, type SiteFilesShape } from './site-files'
import { ROWS_FILE, ROWS_TABLE_FILE, writeRowsTable } from './rows-table'
import { linkOrCopy } from './store'
import { written } from '../quantity'

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

interface Listening {
  onStage?(stage: 'tokenizing' | 'extracting' | 'saving'): void
}

export interface ExtractionOptions extends Omit<PassOptions, 'plan' | 'positions' | 'only'>, Listening {
  readonly plan: ExtractionPlan
  /** Made if it is missing. One key to a folder. */
  readonly folder: string
}

/** Several positions of the same texts, each in a folder of its own. */
export interface PositionsExtraction extends Omit<PassOptions, 'positions'>, Listening {
  readonly targets: readonly ExtractionTarget[]
  /** Holds the lock and the journal of the pass. */
  readonly folder: string
}

export interface ExtractionTarget { readonly positions: Positions; readonly folder: string }

/**
 * Sites of the plan in depth order, default ones where it names none.
 * @throws LayerscopeError `site-unknown`, `site-not-storable`
 */
export function sitesOf(model: OpenModel, plan: Pick<ExtractionPlan, 'sites'>): Sites {
  const asked = new Set(plan.sites ?? model.summary.defaultSites)
  const known = new Set(model.sites.map(({ name }) => name))
  const unknown = [...asked].find(name => !known.has(name))
  if (unknown !== undefined) {
    throw new LayerscopeError({ code: 'site-unknown', message: `${model.summary.name} has no site ${quoted(unknown)}.`, field: 'sites', hint: 'The model view and `layerscope info` list its sites.' })
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
export async function extract({ plan, ...options }: ExtractionOptions): Promise<ExtractionSummary> {
  const [found] = await extractPositions({ ...options, plan, targets: [{ positions: plan.positions, folder: options.folder }] })
  if (found === undefined) throw new Error('the extraction gave nothing')
  if (found instanceof LayerscopeError) throw found
  return found
}

/**
 * Extracts several positions in one pass: every text runs once, whatever the number of positions. Each target's folder is as that of
 * `extract`; finished ones are returned as they are. A target without a single row gives its error in place of a summary.
 * @throws LayerscopeError as `extract`
 */
export async function extractPositions(options: PositionsExtraction): Promise<readonly (ExtractionSummary | LayerscopeError)[]> {
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

/** Where one target stands: its key, and what a finished folder says. */
interface Standing extends ExtractionTarget { readonly key: string; readonly finished: ExtractionSummary | null }

async function extractLocked(options: PositionsExtraction): Promise<readonly (ExtractionSummary | LayerscopeError)[]> {
  const { model, dataset, plan, signal } = options
  signal?.throwIfAborted()
  const sites = sitesOf(model, plan)
  const standing: Standing[] = []
  for (const target of options.targets) {
    const key = extractionKey(model, dataset, options.text, { ...plan, positions: target.positions })
    standing.push({ ...target, key, finished: await finishedTarget(options, sites, target, key) })
  }
  const open = standing.filter(({ finished }) => finished === null)
  const made = open.length === 0 ? [] : await sparingMemory(() => extractOpen(options, sites, open))
  return standing.map(({ finished, key }) => finished ?? made[open.findIndex(target => target.key === key)] as ExtractionSummary | LayerscopeError)
}

/** What a finished folder holds; null where it is to be extracted. @throws LayerscopeError `store-of-another-key` */
async function finishedTarget({ plan }: PositionsExtraction, sites: Sites, { folder, positions }: ExtractionTarget, key: string): Promise<ExtractionSummary | null> {
  const manifest = await readManifest(folder)
  if (manifest === null) return null
  if (manifest.key !== key) throw ofAnotherKey(folder)
  const { extraction } = manifest
  if (!await siteFilesFit(folder, { sites, dtype: plan.dtype, rows: extraction.rows, tokens: extraction.tokens, everyToken: positions.kind === 'all' })) return null
  return { ...extraction, resumedRows: extraction.rows }
}

function ofAnotherKey(folder: string): LayerscopeError {
  return new LayerscopeError({
    code: 'store-of-another-key', message: 'The folder holds activations of another model, dataset or plan.', file: folder,
    hint: 'Choose another folder, or delete this one.'
  })
}

type Sites = readonly (SiteInfo & { readonly width: number })[]

/** The journal of a pass over these targets that was interrupted; another's is no use. @throws LayerscopeError `store-of-another-key` */
async function journalOf(file: string, key: string, folder: string, open: readonly Standing[]): Promise<Awaited<ReturnType<typeof readJournal>>> {
  const journal = await readJournal(file)
  if (journal === null || journal.header.key === key) return journal
  // A folder that is itself a store may hold the work of another plan, which is not thrown away unasked.
  if (open.some(target => target.folder === folder)) throw ofAnotherKey(folder)
  return null
}

async function extractOpen(options: PositionsExtraction, sites: Sites, open: readonly Standing[]): Promise<readonly (ExtractionSummary | LayerscopeError)[]> {
  const { model, dataset, plan, folder } = options
  const pass: PassOptions = { ...options, positions: open.map(({ positions }) => positions) }
  const key = open.length === 1 ? open[0]?.key ?? '' : createHash('sha256').update(open.map(target => target.key).join()).digest('hex')
  const journalFile = join(folder, JOURNAL_FILE)
  const journal = await journalOf(journalFile, key, folder, open)
  for (const target of open) {
    await mkdir(target.folder, { recursive: true })
    await rm(join(target.folder, MANIFEST_FILE), { force: true })
  }

  options.onStage?.('tokenizing')
  // A model that runs shared beginnings once picks its session by the batch: one token would load another.
  if (model.batching !== 'prefix') warmUp(model, sites.map(({ name }) => name))
  const limits = limitsOf(model, sites, journal?.header.batchTokens ?? plan.batchTokens ?? (model.batching === 'prefix' ? DEFAULT_PREFIX_TOKENS : DEFAULT_BATCH_TOKENS), everyToken(pass.positions))
  const counted = await countRows(pass, limits.longest)
  const shapes = counted.targets.map(({ rows, tokens }): SiteFilesShape => ({ sites, dtype: plan.dtype, rows, tokens, everyToken: everyToken(pass.positions) }))
  const [first] = counted.targets
  if (counted.rows === 0 && first !== undefined) return counted.targets.map(({ skipped }) => nothingToExtract(dataset, skipped))
  const resumable = journal !== null && journal.header.rows === counted.rows && journal.header.tokens === counted.tokens && await everyFits(open, shapes)
  const writing = resumable ? await Journal.resume(journalFile, journal.bytes) : await Journal.begin(journalFile, { format: 'layerscope-extraction', version: 1, key, rows: counted.rows, tokens: counted.tokens, batchTokens: limits.tokens })
  const files: SiteFiles[] = []
  let run: ExtractionPass
  try {
    for (const [at, target] of open.entries()) files.push(await SiteFiles.open(target.folder, shapes[at] as SiteFilesShape, !resumable))
    options.onStage?.('extracting')
    run = new ExtractionPass(pass, sites.map(({ name }) => name), files, writing, limits, counted, resumable ? journal.batches : 0)
    await run.finish()
  } finally {
    for (const own of files) await own.close()
    await writing.close()
  }

  options.onStage?.('saving')
  const summaries: (ExtractionSummary | LayerscopeError)[] = []
  const tables: WrittenRows[] = []
  for (const [at, target] of open.entries()) {
    const count = counted.targets[at] as Count
    if (count.rows === 0) {
      summaries.push(nothingToExtract(dataset, count.skipped))
      continue
    }
    const table = await writeRows(target.folder, options, count, tables)
    tables.push(table)
    const extraction: ExtractionSummary = {
      rows: count.rows, tokens: count.tokens, paddedTokens: run.paddedTokens, computedTokens: run.computedTokens, seconds: run.seconds, rowsPerSecond: run.rowsPerSecond,
      sites: sites.map(({ name, width }) => ({ name, width })), skipped: count.skipped, truncated: count.truncated, ...readAt(model, count),
      resumedRows: run.resumedRows, provider: model.provider.name
    }
    await writeManifest(target.folder, manifestOf(options, target, sites, table.textColumn, extraction))
    summaries.push(extraction)
  }
  await rm(journalFile, { force: true })
  return summaries
}

/** The most frequent token of those read, the earlier of equals; nothing where several were read of a row. */
function readAt({ tokenizer }: OpenModel, { read, rows }: Count): Pick<ExtractionSummary, 'readAt'> {
  let [most, id]: readonly [number, number] = [0, -1]
  let single = 0
  for (const [token, count] of read) {
    single += count
    if (count > most) [most, id] = [count, token]
  }
  return single === rows && rows > 0 ? { readAt: { token: tokenizer.tokenText(id), share: most / rows } } : {}
}

async function everyFits(targets: readonly ExtractionTarget[], shapes: readonly SiteFilesShape[]): Promise<boolean> {
  for (const [at, { folder }] of targets.entries()) if (!await siteFilesFit(folder, shapes[at] as SiteFilesShape)) return false
  return true
}

function nothingToExtract({ summary }: OpenDataset, skipped: readonly SkippedRow[]): LayerscopeError {
  const [first] = skipped
  return new LayerscopeError({
    code: 'nothing-to-extract', message: first === undefined ? 'The dataset has no rows.' : `None of the ${written(skipped.length)} rows gives a text to run. The first: ${first.reason}`,
    file: summary.path, ...(first === undefined ? {} : { row: first.row + 1 })
  })
}

/** A table that was written in this pass: targets with the same rows share it. */
interface WrittenRows { readonly row: Int32Array; readonly folder: string; readonly textColumn: string }

/** The tables of the stored rows. */
async function writeRows(folder: string, { dataset, text, plan }: PositionsExtraction, { rows, row: all, length, position, positionEnd }: Count, tables: readonly WrittenRows[]): Promise<WrittenRows> {
  const row = all.subarray(0, rows)
  await writeSafetensors(join(folder, ROWS_FILE), [
    { name: 'row', dtype: 'I32', shape: [rows], data: row },
    { name: 'tokens', dtype: 'I32', shape: [rows], data: length.subarray(0, rows) },
    { name: 'position', dtype: 'I32', shape: [rows], data: position.subarray(0, rows) },
    { name: 'position_end', dtype: 'I32', shape: [rows], data: positionEnd.subarray(0, rows) }
  ])
  const same = tables.find(other => other.row.length === rows && other.row.every((one, i) => one === row[i]))
  if (same === undefined) return { row, folder, textColumn: await writeRowsTable(folder, dataset, text, plan.limit, row) }
  await rm(join(folder, ROWS_TABLE_FILE), { force: true })
  await linkOrCopy(join(same.folder, ROWS_TABLE_FILE), join(folder, ROWS_TABLE_FILE))
  return same
}

/** Loads the weights for these sites in the model's thread while this one tokenizes. What fails here fails again, and is told, at the first batch. */
function warmUp(model: OpenModel, sites: readonly string[]): void {
  const batch = { rows: 1, length: 1, inputIds: Int32Array.of(0), attentionMask: Uint8Array.of(1) }
  model.run(batch, sites, { kind: 'positions', positions: [Int32Array.of(0)] }).catch(() => undefined)
}

function manifestOf({ model, dataset, text, plan }: PositionsExtraction, { key, positions }: Standing, sites: Sites, textColumn: string, extraction: ExtractionSummary): Manifest {
  return {
    format: 'layerscope-activations', version: 1, key, createdAt: new Date().toISOString(),
    model: { name: model.summary.name, path: model.summary.path, hash: model.summary.hash, family: model.summary.family },
    dataset: { name: dataset.summary.name, path: dataset.summary.path, hash: dataset.summary.hash, read: dataset.summary.read },
    text, textColumn, plan: { ...plan, positions },
    sites: sites.map(({ name, width, layer, kind }) => ({ name, width, layer, kind, file: siteFile(name) })),
    extraction: { ...extraction, sites: [...extraction.sites], skipped: [...extraction.skipped] }
  }
}
