/**
 * The contract between the page and the engine: one table of requests, shared by both sides.
 * Requests travel over a MessagePort; each carries an id, may report events, can be cancelled,
 * and ends in one result or one error. Parameters are validated by the engine on arrival.
 */
import { z } from 'zod'
import type { BestOfMany, CellCard, CellComparison, ReportSummary } from './cards'
import type { AnalysisProgress, CodeLength, Erasure, InfluenceResult, PositionsEvent, PositionsResult, RefitResult, SimilarityResult, TransferResult } from './analyses'
import type { SentenceTree, TestSentences } from './trees'
import {
  columnRolesSchema, extractionSchema, positionsSchema, probePlanSchema, probeTaskSchema, projectionPlanSchema, readOptionsSchema,
  type ColumnRoles, type ExtractionPlan, type Positions, type ProbePlan, type ReadOptions, type Recipe
} from './recipe'

export type * from './analyses'
export type * from './cards'
export type * from './trees'

// ── Errors ───────────────────────────────────────────────────────────────────────────────────────

/** What went wrong, to what, and the next step: the same object in the window and in `--json`. */
export interface ErrorReport {
  /** Stable, kebab-case: `model-unreadable`, `dataset-empty`, `disk-full`, `file-too-large`, `cancelled`, … */
  readonly code: string
  readonly message: string
  readonly file?: string
  /** 1-based row of the data as a person counts it (header not counted). */
  readonly row?: number
  readonly field?: string
  readonly hint?: string
}

// ── Models ───────────────────────────────────────────────────────────────────────────────────────

export type SiteKind = 'embedding' | 'residual' | 'attention' | 'mlp' | 'norm' | 'logits' | 'hidden'

/** One place in the model that can be read, by its TransformerLens name. */
export interface SiteInfo {
  readonly name: string
  readonly kind: SiteKind
  /** Block index; -1 for the embedding, number of blocks for what comes after the last one. */
  readonly layer: number
  /** Symbolic dims are strings: ['batch', 'position', 384]. */
  readonly shape: readonly (number | string)[]
  /** Values per token when extracted, the product of dims after `position`; null where a token has no fixed-width vector (attention patterns). */
  readonly width: number | null
}

export interface ModelCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** What a model's weights take in memory, in bytes, computed from its list of tensors. */
export interface ModelMemory {
  /** Read where they lie in the file: shared pages, which the system may drop and read again. */
  readonly mappedBytes: number
  /** Decoded into private memory as soon as the model is loaded; 0 but for block-quantised GGUF files. */
  readonly decodedBytes: number
  /**
   * Private memory added when a long job starts and the matrices are copied into the layout that multiplies fastest.
   * Null for graphs that others exported: which matrices ONNX Runtime copies of those, and how wide, it decides as it loads them.
   */
  readonly prepackedBytes: number | null
}

export interface ModelSummary {
  readonly modelId: string
  readonly path: string
  readonly name: string
  /** Hash over the content of every file that decides the activations. */
  readonly hash: string
  readonly family: string
  readonly format: 'onnx' | 'safetensors' | 'gguf'
  readonly precision: string
  readonly layers: number
  readonly hidden: number
  readonly heads: number | null
  readonly kvHeads: number | null
  readonly headDim: number | null
  readonly vocab: number | null
  readonly maxPositions: number | null
  readonly bytes: number
  readonly license: string | null
  readonly sites: readonly SiteInfo[]
  /** Names of the sites a run takes when nothing else is asked: embedding, block outputs, final norm. */
  readonly defaultSites: readonly string[]
  readonly checks: readonly ModelCheck[]
  /** Sentences about what could not be read or was worked around. */
  readonly warnings: readonly string[]
  /** Execution provider in use and, where it is not the one asked for, why. */
  readonly provider: { readonly name: string; readonly note: string | null }
  /** Milliseconds until the model could run; self-tests and content hash follow. */
  readonly openMs: number
  /** Kind of the tokenizer in words (`byte-level BPE`); null without one. */
  readonly tokenizer?: string | null
  /** Whether the model came with a template for conversations. */
  readonly chatTemplate?: boolean
  /** Why the model cannot continue a text, in a sentence; null where it can. */
  readonly promptObstacle?: string | null
  /** Null for exported graphs, where ONNX Runtime alone decides what to copy. */
  readonly memory?: ModelMemory | null
}

/** A model that is loaded: its self-tests and content hash follow. */
export type LoadedModel = Omit<ModelSummary, 'modelId' | 'hash' | 'checks'>

/** Memory of the engine, now. */
export interface EngineMemory {
  /** Resident set of its process in bytes, shared pages included. */
  readonly residentBytes: number
  /** Of the window's models: those whose weights are prepacked; the others are mapped or, block-quantised, decoded. */
  readonly prepacked: readonly string[]
}

/** A place of this machine where models are looked for. */
export interface ModelPlace {
  readonly kind: 'hugging-face' | 'lm-studio' | 'ollama' | 'folder'
  readonly path: string
  /** Whether there is such a folder. */
  readonly there: boolean
}

/** A model found on this machine, as its headers describe it. */
export interface FoundModel {
  /** What to open. */
  readonly path: string
  /** As its place calls it: `owner/name`, `name:tag`, a way below the folder. */
  readonly name: string
  /** Path of the place it was found in. */
  readonly place: string
  readonly family: string | null
  readonly format: 'onnx' | 'safetensors' | 'gguf' | 'pytorch'
  /** What most of its weights are stored as; null where that was not read. */
  readonly precision: string | null
  /** Of its weights, on disk. */
  readonly bytes: number
  readonly openable: boolean
  /** Why not. */
  readonly reason?: string
}

export interface ModelListing {
  readonly home: string
  /** Where was looked, in this order. */
  readonly places: readonly ModelPlace[]
  /** Place by place, by name. */
  readonly models: readonly FoundModel[]
}

export interface TokenInfo {
  readonly id: number
  readonly text: string
  /** Half-open range of UTF-16 code units of the input; null for special tokens. */
  readonly span: readonly [number, number] | null
  readonly special: boolean
}

/** A token with the bytes of the text it stands for; null where the vocabulary has none for it. */
export interface PromptToken extends TokenInfo {
  readonly bytes: readonly number[] | null
}

export interface NextToken {
  readonly id: number
  readonly text: string
  readonly bytes: readonly number[] | null
  readonly probability: number
}

/** What a model says comes after a prompt. */
export interface NextTokens {
  /** The prompt as the model reads it, special tokens included. */
  readonly tokens: readonly PromptToken[]
  /** The most probable tokens, most probable first; empty where the model predicts none. */
  readonly top: readonly NextToken[]
  /** Probability of all other tokens together. */
  readonly other: number
}

export interface Generation {
  /** All that was generated, without the prompt. */
  readonly text: string
  readonly tokens: number
  /** Over the tokens after the first, which waits for the whole prompt; 0 where there are none. */
  readonly tokensPerSecond: number
  /** `end`: the model ended the text itself; `length`: as many tokens as were asked for or fit; `cancelled`: what came before is kept. */
  readonly ended: 'end' | 'length' | 'cancelled'
}

export interface ProviderInfo {
  readonly name: string
  readonly ok: boolean
  readonly reason?: string
}

// ── Datasets ─────────────────────────────────────────────────────────────────────────────────────

export type ColumnType = 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'other'

export interface ColumnInfo {
  readonly name: string
  readonly type: ColumnType
  readonly distinct: number
  readonly missing: number
  readonly min: number | null
  readonly max: number | null
  /** Up to five frequent values as text. */
  readonly examples: readonly string[]
}

export interface DatasetProblem {
  /** 1-based data row in the source; null for the whole file. */
  readonly row: number | null
  readonly message: string
}

export type Cell = string | number | boolean | null

export interface DatasetSummary {
  readonly datasetId: string
  readonly path: string
  readonly name: string
  readonly hash: string
  readonly format: 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet' | 'text' | 'conllu'
  readonly bytes: number
  readonly read: ReadOptions
  /** Rows that loaded; they are numbered 0 … rows − 1 in file order. */
  readonly rows: number
  readonly columns: readonly ColumnInfo[]
  readonly preview: readonly (readonly Cell[])[]
  /** At most 100, with `problemCount` the whole number. */
  readonly problems: readonly DatasetProblem[]
  readonly problemCount: number
  readonly suggested: Partial<ColumnRoles>
  /** `word` where every row is a word of a text; null where nothing speaks for one choice. */
  readonly suggestedPositions: Positions | null
  /** Why the group column is suggested, in a sentence; null without a suggestion. */
  readonly groupReason: string | null
}

/** `tree`: a dependency parse for every sentence (CoNLL-U read word by word). */
export type Task = 'binary' | 'multiclass' | 'numeric' | 'tree' | 'none'

/** What a choice of columns means for the run, before it is pressed. */
export interface RolesCheck {
  readonly task: Task
  readonly usableRows: number
  readonly classes: readonly { readonly name: string; readonly rows: number }[]
  /** Columns of numbers to predict with their range over usable rows; empty for other tasks. */
  readonly targets: readonly { readonly name: string; readonly min: number; readonly max: number }[]
  readonly groups: number | null
  readonly problems: readonly DatasetProblem[]
  /** First texts as the model will read them, each once. */
  readonly examples: readonly string[]
}

export type RowFilter = { readonly column: string; readonly equals: Cell }

export interface RowPage {
  /** Rows that match, of which `rows` is a page. */
  readonly total: number
  readonly rows: readonly { readonly row: number; readonly cells: readonly Cell[] }[]
}

/** One column over all rows, ready to colour by. Codes index `categories` (255 distinct at most, the rest in "other"); -1 is missing. */
export type ColumnValues =
  | { readonly kind: 'categorical'; readonly categories: readonly string[]; readonly codes: Int32Array }
  | { readonly kind: 'numeric'; readonly values: Float32Array; readonly min: number; readonly max: number }

// ── Runs ─────────────────────────────────────────────────────────────────────────────────────────

export interface Interval { readonly lo: number; readonly hi: number }

export interface ProbeMetrics {
  readonly accuracy: number
  readonly balancedAccuracy: number
  /** One-vs-rest macro average for several classes; null where a class is absent. */
  readonly auroc: number | null
  readonly logLoss: number
  /** 95 % cluster bootstrap interval of the accuracy over groups. */
  readonly interval: Interval
  readonly aurocInterval: Interval | null
}

export interface ProbeControls {
  /** Accuracy of the same probe trained on labels shuffled (within nothing: the whole column). */
  readonly shuffled: number
  /** Word and character n-grams of the text alone, same folds. */
  readonly textOnly: number
  readonly majority: number
}

/**
 * What a probe's held-out output can be measured by. Shares and areas lie in 0 … 1, correlations in −1 … 1;
 * `greatCircleKm` is a mean error in kilometres, `compression` a ratio of code lengths.
 */
export const measureNames = [
  'accuracy', 'auroc', 'balancedAccuracy', 'selectivity', 'compression',
  'r2', 'spearman', 'greatCircleKm', 'proximityError',
  'uuas', 'distanceSpearman', 'rootAccuracy', 'depthSpearman'
] as const
export type MeasureName = (typeof measureNames)[number]

/** What a measure is to be read against. `controlTask`: random labels by word type; `linearTree`: the tree that joins neighbours in the text. */
export type BaselineName = 'shuffled' | 'textOnly' | 'majority' | 'chance' | 'mean' | 'controlTask' | 'linearTree'

/** One number of a result with its interval and its baselines beside it. */
export interface Measure {
  readonly name: MeasureName
  /** Null where it has no meaning for these rows (an area without one of the classes). */
  readonly value: number | null
  /** 95 % cluster bootstrap interval over groups. */
  readonly interval: Interval | null
  readonly baselines: readonly { readonly name: BaselineName; readonly value: number }[]
}

interface SiteResultBase {
  readonly site: string
  readonly method: string
  /** Over held-out rows; the first is the headline that views show when nothing else is asked. */
  readonly measures: readonly Measure[]
  /** Score on validation rows that chose the strength, higher is better; layers are chosen by it too. */
  readonly validationScore: number
  /** Regularisation, refitted on all training rows: C of scikit-learn for classifiers, α for ridge; the rank of structural probes. */
  readonly strength: number
  /**
   * `constant`: all rows have the same activations; `separable`: a plane separates the training rows without error;
   * `unfinished`: a fit stopped at the cap of iterations.
   */
  readonly remarks?: readonly ('constant' | 'separable' | 'unfinished')[]
  readonly seconds: number
}

/** One site × method of a sweep over classes. Scores are means over held-out rows. */
export interface ClassifiedSite extends SiteResultBase {
  readonly kind: 'classes'
  readonly metrics: ProbeMetrics
  readonly controls: ProbeControls
  /** Same names as `controls`, AUROC instead of accuracy; null where it has no meaning. */
  readonly aurocControls: { readonly shuffled: number; readonly textOnly: number } | null
}

/** How well one column of numbers is predicted on held-out rows. */
export interface TargetScore {
  readonly name: string
  /** 1 − Σ(y − ŷ)² / Σ(y − ȳ)² over the pooled held-out rows; at most 1, below 0 where the mean would do better. */
  readonly r2: number
  readonly r2Interval: Interval
  /** Rank correlation of predicted with actual values; null where either is constant. */
  readonly spearman: number | null
  readonly spearmanInterval: Interval | null
  /** Mean |y − ŷ|, in the column's unit. */
  readonly meanAbsoluteError: number
  /** R² of the controls: targets shuffled, n-grams of the text alone, the mean of the training rows. */
  readonly controls: { readonly shuffled: number; readonly textOnly: number; readonly mean: number }
}

/** One site × method of a sweep over numbers. Its measures are means over the targets. */
export interface RegressedSite extends SiteResultBase {
  readonly kind: 'numeric'
  readonly targets: readonly TargetScore[]
}

/** One site × method of a sweep over trees, by the structural probes; its strength is their rank. */
export interface TreeSite extends SiteResultBase {
  readonly kind: 'trees'
  /** Sentences that the probes were trained on, chosen by and scored on. */
  readonly sentences: { readonly training: number; readonly validation: number; readonly test: number }
}

/** One site × method of a sweep. */
export type SiteResult = ClassifiedSite | RegressedSite | TreeSite

/** What validation chose, and the headline measure that it then has on test rows. */
export interface ChosenSite {
  readonly site: string
  readonly method: string
  readonly measure: MeasureName
  readonly testScore: number
  readonly interval: Interval
}

/** Positions among the targets of the two that place a row on the globe. */
export interface Coordinates { readonly latitude: number; readonly longitude: number }

/** How the warning begins that explains a text baseline below chance: the page shows it beside the number. */
export const textBelowChance = 'The text alone scores below chance'

export interface SweepSummary {
  readonly task: Task
  /** Names of the classes; empty for other tasks. */
  readonly classes: readonly string[]
  /** Names of the predicted columns of numbers; empty for other tasks. */
  readonly targets: readonly string[]
  /** Which targets are degrees of latitude and longitude; null unless both are there. */
  readonly coordinates: Coordinates | null
  readonly folds: number
  readonly sites: readonly SiteResult[]
  readonly chosen: ChosenSite | null
  /** Guards that fired, in sentences. */
  readonly warnings: readonly string[]
  /** What is good to know besides, in sentences: how the site was chosen. */
  readonly notes?: readonly string[]
  readonly seconds: number
}

export interface ExtractionSummary {
  readonly rows: number
  readonly tokens: number
  readonly paddedTokens: number
  /** Tokens the model ran in the call that finished the extraction: fewer than `tokens` where rows begin alike. */
  readonly computedTokens?: number | undefined
  readonly seconds: number
  readonly rowsPerSecond: number
  readonly sites: readonly { readonly name: string; readonly width: number }[]
  readonly skipped: readonly { readonly row: number; readonly reason: string }[]
  readonly truncated: number
  /** The most frequent token among those that were read, with its share of the rows; left out where means were. */
  readonly readAt?: { readonly token: string; readonly share: number } | undefined
  readonly resumedRows: number
  readonly provider: string
}

export interface RunSummary {
  readonly runId: string
  readonly startedAt: string
  readonly status: 'complete' | 'cancelled' | 'failed' | 'running'
  readonly error: ErrorReport | null
  readonly model: { readonly name: string; readonly hash: string }
  readonly dataset: { readonly name: string; readonly hash: string; readonly roles: ColumnRoles }
  readonly extractionPlan: ExtractionPlan
  readonly probePlan: ProbePlan
  /** Null until extraction has ended. */
  readonly extraction: ExtractionSummary | null
  readonly sweep: SweepSummary | null
  /** Dataset row of each activation row; activations exist for these rows, in this order. */
  readonly rowCount: number
}

export type RunEvent =
  | { readonly kind: 'stage'; readonly stage: 'loading' | 'tokenizing' | 'extracting' | 'baselines' | 'probing' | 'saving'; readonly note?: string }
  | { readonly kind: 'started'; readonly run: RunSummary }
  | { readonly kind: 'extracting'; readonly done: number; readonly total: number; readonly rowsPerSecond: number; readonly secondsLeft: number | null }
  | { readonly kind: 'extracted'; readonly extraction: ExtractionSummary }
  | { readonly kind: 'site'; readonly result: SiteResult; readonly done: number; readonly total: number }
  | { readonly kind: 'warning'; readonly message: string }

/** Held-out output of a classifier at one site, in activation row order. */
export interface ClassValues {
  readonly kind: 'classes'
  /** Dataset row of each entry. */
  readonly rows: Int32Array
  /** Probability of class 1 (binary) or of the true class (multiclass). */
  readonly score: Float32Array
  /** Index into the sweep's classes; -1 where a row was in no test fold. */
  readonly predicted: Int32Array
  /** Probability of the predicted class; null in runs of an earlier version. */
  readonly confidence: Float32Array | null
  /** Index into the sweep's classes; -1 without a label. */
  readonly actual: Int32Array
}

/** Held-out output of a regression at one site, in activation row order. */
export interface NumericValues {
  readonly kind: 'numeric'
  /** Dataset row of each entry. */
  readonly rows: Int32Array
  /** In the columns' own units; `predicted` is NaN where a row was in no test fold, `actual` where it has no value. */
  readonly targets: readonly { readonly name: string; readonly predicted: Float32Array; readonly actual: Float32Array }[]
}

/** Held-out parse of a treebank at one site, in activation row order. Heads are words of the sentence counted from 1, 0 for its root. */
export interface TreeValues {
  readonly kind: 'trees'
  /** Dataset row of each entry. */
  readonly rows: Int32Array
  /** The predicted spanning tree, hung from the word of least predicted depth; −1 for punctuation and words that were not tested. */
  readonly predicted: Int32Array
  /** Predicted squared length, near to the arcs between the word and the root; NaN where it was not tested. */
  readonly depths: Float32Array
  /** −1 for words of sentences that took no part. */
  readonly actual: Int32Array
}

export type ProbeValues = ClassValues | NumericValues | TreeValues

/** What the held-out probe says of one row at every site, in depth order. */
export type RowScores =
  | { readonly kind: 'classes'; readonly at: readonly { readonly site: string; readonly score: number; readonly predicted: string }[] }
  /** Values by target; NaN where the row was in no test fold or has no value. */
  | { readonly kind: 'numeric'; readonly targets: readonly { readonly name: string; readonly actual: number }[]; readonly at: readonly { readonly site: string; readonly predicted: readonly number[] }[] }

/** One row through all layers. */
export interface RowDetail {
  readonly row: number
  readonly text: string
  readonly tokens: readonly TokenInfo[]
  /** Indices into `tokens` that were read; several for a mean or a word. */
  readonly positions: readonly number[]
  readonly cells: readonly { readonly column: string; readonly value: Cell }[]
  /** Null before the sweep. */
  readonly scores: RowScores | null
}

export interface Neighbor { readonly row: number; readonly distance: number }

// ── Projections ──────────────────────────────────────────────────────────────────────────────────

export interface ProjectionResult {
  readonly site: string
  readonly method: 'umap' | 'pca'
  /** Dataset row of each point. */
  readonly rows: Int32Array
  /** x, y interleaved, [rows, 2]. */
  readonly xy: Float32Array
  readonly trustworthiness: number | null
  /** Share of variance of the two axes; PCA only. */
  readonly explained: readonly [number, number] | null
  readonly seconds: number
}

export type ProjectionEvent =
  /** `note` is a sentence on what takes long or was adapted to the data. */
  | { readonly kind: 'stage'; readonly site: string; readonly stage: 'reading' | 'neighbors' | 'initialising' | 'optimising'; readonly note?: string }
  /** Drawn frame; superseded frames are dropped until the page acknowledges the last one. */
  | { readonly kind: 'frame'; readonly site: string; readonly epoch: number; readonly epochs: number; readonly rows: Int32Array; readonly xy: Float32Array }
  | { readonly kind: 'layer'; readonly result: ProjectionResult }

// ── Sessions ─────────────────────────────────────────────────────────────────────────────────────

/** What the page shows and would be sorry to lose; opaque to the engine beyond its size. */
export type ViewState = Readonly<Record<string, unknown>>

export interface SessionState {
  readonly sessionId: string
  readonly name: string
  /** Folder; `temporary` until the person saved it somewhere. */
  readonly path: string
  readonly temporary: boolean
  readonly recipe: Recipe | null
  readonly runs: readonly RunSummary[]
  readonly view: ViewState | null
  readonly modelPath: string | null
  readonly datasetPath: string | null
  /** What is missing or moved, each with what to do. */
  readonly problems: readonly (ErrorReport & { readonly locate?: 'model' | 'dataset' })[]
}

// ── The table of requests ────────────────────────────────────────────────────────────────────────

const id = z.string().min(1).max(200)
const path = z.string().min(1).max(32_768)
const row = z.int().min(0)
/** Which of the positions that were read of a run's texts; null: the run's own. */
const position = positionsSchema.nullable().default(null)

/** Positions that are read at once. */
export const mostPositions = 64

/** Parameters of every request; the engine parses each message with its schema before anything else. */
export const requestSchemas = {
  'engine.memory': z.object({}),
  'providers.list': z.object({}),
  /** Looks in the usual places and in `folders`, which the person must have added. */
  'models.list': z.object({ folders: z.array(path).max(200).default([]) }),
  'model.open': z.object({ path, provider: z.string().default('cpu') }),
  'model.close': z.object({ modelId: id }),
  'model.tokenize': z.object({ modelId: id, text: z.string().max(1_000_000) }),
  /** With `chat` the text is a user's message in the model's chat template. */
  'model.next': z.object({ modelId: id, text: z.string().max(100_000), chat: z.boolean().default(false) }),
  'model.generate': z.object({
    modelId: id,
    prompt: z.string().max(100_000),
    chat: z.boolean().default(false),
    maxTokens: z.int().min(1).max(8192).default(64),
    /** 0 takes the most probable token each time. */
    temperature: z.number().min(0).max(10).default(0),
    /** Samples among the most probable tokens that together reach this share. */
    topP: z.number().gt(0).max(1).default(1),
    seed: z.int().min(0).max(2 ** 32 - 1).default(0)
  }),
  'dataset.open': z.object({ path, read: readOptionsSchema.prefault({}) }),
  'dataset.close': z.object({ datasetId: id }),
  'dataset.check': z.object({ datasetId: id, roles: columnRolesSchema, task: probeTaskSchema.default('auto') }),
  'dataset.rows': z.object({
    datasetId: id,
    offset: z.int().min(0),
    limit: z.int().min(1).max(1000),
    sort: z.object({ column: z.string(), descending: z.boolean() }).nullable().default(null),
    search: z.string().max(1000).default(''),
    filter: z.array(z.object({ column: z.string(), equals: z.union([z.string(), z.number(), z.boolean(), z.null()]) })).default([]),
    /** Only these dataset rows; null for all. */
    only: z.instanceof(Int32Array).nullable().default(null)
  }),
  'dataset.column': z.object({ datasetId: id, column: z.string() }),
  'session.create': z.object({}),
  /** A session's folder, or the zip it was exported to: that one opens as an unsaved session. */
  'session.open': z.object({ path }),
  'session.update': z.object({
    sessionId: id,
    view: z.record(z.string(), z.unknown()).optional(),
    modelId: id.nullable().optional(),
    datasetId: id.nullable().optional(),
    roles: columnRolesSchema.nullable().optional(),
    extraction: extractionSchema.optional(),
    probe: probePlanSchema.optional(),
    projection: projectionPlanSchema.optional()
  }),
  'session.saveAs': z.object({ sessionId: id, path }),
  'session.export': z.object({ sessionId: id, path }),
  'session.saveRecipe': z.object({ sessionId: id, path }),
  'session.close': z.object({ sessionId: id }),
  'run.start': z.object({
    sessionId: id, modelId: id, datasetId: id,
    roles: columnRolesSchema, extraction: extractionSchema, probe: probePlanSchema
  }),
  /** `method` null: the one that validation chose at the site. */
  'run.values': z.object({ sessionId: id, runId: id, position, site: z.string(), method: z.string().nullable().default(null) }),
  'run.row': z.object({ sessionId: id, runId: id, row, method: z.string().nullable().default(null) }),
  'run.neighbors': z.object({ sessionId: id, runId: id, site: z.string(), row, k: z.int().min(1).max(100).default(10) }),
  /** What was read at a run's positions: its own, and others that were asked for. */
  'run.positions': z.object({ sessionId: id, runId: id }),
  /** Reads further positions of a run's texts in one pass and trains the run's probes at each, on the run's folds; kept with the run. */
  'run.readPositions': z.object({ sessionId: id, runId: id, modelId: id, datasetId: id, positions: z.array(positionsSchema).min(1).max(mostPositions) }),
  /** The training rows with the largest influence on one held-out prediction of the logistic probe; `without` are dataset rows left out of training. */
  'probe.influence': z.object({ sessionId: id, runId: id, site: z.string(), row, k: z.int().min(1).max(1000).default(10), without: z.array(row).max(1_000_000).default([]) }),
  /** Trains a probe of a run again without some rows. `method` null takes the one validation chose at the site. */
  'probe.refit': z.object({ sessionId: id, runId: id, site: z.string(), method: z.string().nullable().default(null), row: row.nullable().default(null), without: z.array(row).max(1_000_000) }),
  /** Trains on each run of the session that shares model, site and classes with `runId`, and tests on the others. */
  'probe.transfer': z.object({ sessionId: id, runId: id, site: z.string(), method: z.string().nullable().default(null) }),
  /** Between all sites of a run, or between its sites and those of another run over the same dataset. */
  'probe.similarity': z.object({ sessionId: id, runId: id, other: id.nullable().default(null) }),
  /** How short the labels of a run over classes can be told at a site (minimum description length); kept with the run. */
  'probe.codeLength': z.object({ sessionId: id, runId: id, position, site: z.string() }),
  /** Takes the label of a run over classes out of a site, by LEACE and by up to `iterations` projections, and trains the probe again; kept with the run. */
  'probe.erasure': z.object({ sessionId: id, runId: id, position, site: z.string(), iterations: z.int().min(1).max(1000).default(20) }),
  /** All that a run keeps about one site and method. */
  'probe.card': z.object({ sessionId: id, runId: id, position, site: z.string(), method: z.string() }),
  /** How two sites or methods of a run differ on the same held-out rows. */
  'probe.compare': z.object({ sessionId: id, runId: id, position, site: z.string(), method: z.string(), other: z.object({ site: z.string(), method: z.string() }) }),
  /** What the highest test score of a run is worth; null where there are not several, or kept scores do not give the measure. */
  'probe.bestOfMany': z.object({ sessionId: id, runId: id, position, measure: z.enum(measureNames) }),
  /** Writes the report of one site and method, or its card alone, into the folder `path`, in place of an earlier one there. */
  'run.report': z.object({ sessionId: id, runId: id, position, site: z.string(), method: z.string(), path, parts: z.enum(['report', 'card']).default('report') }),
  /** The test sentences of a run over trees, each with its score at a site. */
  'probe.sentences': z.object({ sessionId: id, runId: id, site: z.string(), method: z.string().nullable().default(null) }),
  /** The sentence of a dataset row, with its parse at a site. */
  'probe.tree': z.object({ sessionId: id, runId: id, site: z.string(), row, method: z.string().nullable().default(null) }),
  /** Computes the sites in the order given, each aligned to its nearest computed neighbour in depth. */
  'projection.start': z.object({
    sessionId: id, runId: id, sites: z.array(z.string()).min(1), plan: projectionPlanSchema
  })
} as const

export type RequestName = keyof typeof requestSchemas

/** Parameters as the page writes them (defaults may be left out). */
export type RequestParams<N extends RequestName> = z.input<(typeof requestSchemas)[N]>
/** Parameters as the engine receives them (defaults filled in). */
export type ParsedParams<N extends RequestName> = z.output<(typeof requestSchemas)[N]>

export interface RequestResults {
  'engine.memory': EngineMemory
  'providers.list': readonly ProviderInfo[]
  'models.list': ModelListing
  'model.open': ModelSummary
  'model.close': null
  'model.tokenize': readonly TokenInfo[]
  'model.next': NextTokens
  'model.generate': Generation
  'dataset.open': DatasetSummary
  'dataset.close': null
  'dataset.check': RolesCheck
  'dataset.rows': RowPage
  'dataset.column': ColumnValues
  'session.create': SessionState
  'session.open': SessionState
  'session.update': null
  'session.saveAs': SessionState
  'session.export': { readonly bytes: number }
  'session.saveRecipe': null
  'session.close': null
  'run.start': RunSummary
  'run.values': ProbeValues
  'run.row': RowDetail
  'run.neighbors': readonly Neighbor[]
  'run.positions': PositionsResult
  'run.readPositions': PositionsResult
  'probe.influence': InfluenceResult
  'probe.refit': RefitResult
  'probe.transfer': TransferResult
  'probe.similarity': SimilarityResult
  'probe.codeLength': CodeLength
  'probe.erasure': Erasure
  'probe.card': CellCard
  'run.report': ReportSummary
  'probe.compare': CellComparison
  'probe.bestOfMany': BestOfMany | null
  'probe.sentences': TestSentences
  'probe.tree': SentenceTree
  'projection.start': null
}

/** Events a request sends before its end; `never` where it has none. */
export interface RequestEvents {
  'models.list': { readonly kind: 'places'; readonly places: readonly ModelPlace[]; readonly home: string } | { readonly kind: 'found'; readonly model: FoundModel }
  'model.open': { readonly kind: 'stage'; readonly stage: string } | { readonly kind: 'loaded'; readonly model: LoadedModel } | { readonly kind: 'check'; readonly check: ModelCheck }
  /** `text` is what the token adds to the text; empty while a character is incomplete. */
  'model.generate': { readonly kind: 'token'; readonly id: number; readonly text: string }
  'run.start': RunEvent
  'run.readPositions': PositionsEvent
  'probe.transfer': AnalysisProgress
  'probe.similarity': AnalysisProgress
  'probe.codeLength': AnalysisProgress
  'probe.erasure': AnalysisProgress
  'projection.start': ProjectionEvent
  /** Bytes unpacked; only where a zip is opened. */
  'session.open': ByteProgress
  'session.export': ByteProgress
}
export interface ByteProgress { readonly kind: 'progress'; readonly done: number; readonly total: number }

export type EventOf<N extends RequestName> = N extends keyof RequestEvents ? RequestEvents[N] : never

// ── Envelopes on the port ────────────────────────────────────────────────────────────────────────

export type PageMessage =
  | { readonly kind: 'request'; readonly id: number; readonly name: RequestName; readonly params: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  /** The page has drawn the last frame of request `id`: the next one may come. */
  | { readonly kind: 'ack'; readonly id: number }

export type EngineMessage =
  | { readonly kind: 'event'; readonly id: number; readonly event: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorReport }

export const pageMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('request'), id: z.int(), name: z.string(), params: z.unknown() }),
  z.object({ kind: z.literal('cancel'), id: z.int() }),
  z.object({ kind: z.literal('ack'), id: z.int() })
])
