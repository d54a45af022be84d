/** The one table of requests: the name of each, the schema of its parameters, the type of its result and of the events it sends before. */
import { z } from 'zod'
import { columnRolesSchema, extractionSchema, positionsSchema, probePlanSchema, probeTaskSchema, projectionPlanSchema, readOptionsSchema } from '../recipe'
import type { AnalysisProgress, CodeLength, Erasure, InfluenceResult, PositionsEvent, PositionsResult, RefitResult, SimilarityResult, TransferResult } from './analyses'
import type { BestOfMany, CellCard, CellComparison, ReportSummary } from './cards'
import type { ColumnValues, DatasetSummary, RolesCheck, RowPage } from './datasets'
import type { EngineMemory, FoundModel, LoadedModel, ModelCheck, ModelListing, ModelPlace, ModelSummary, ProviderInfo } from './models'
import type { ProjectionEvent } from './projections'
import type { Generation, NextTokens, TokenInfo } from './prompts'
import type { Neighbor, ProbeValues, RowDetail, RunEvent, RunSummary } from './runs'
import type { SessionState } from './sessions'
import { measureNames } from './sweeps'
import type { SentenceTree, TestSentences } from './trees'

const id = z.string().min(1).max(200)
const path = z.string().min(1).max(32_768)
const row = z.int().min(0)
/** Which of the positions that were read of a run's texts; null: the run's own. */
const position = positionsSchema.nullable().default(null)

/** Positions that are read at once. */
const mostPositions = 64

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
