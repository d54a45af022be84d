/**
 * The recipe: everything that was asked of a session, and nothing that was computed.
 * The window and the command line write and read this same file; running it again gives the same numbers.
 */
import { z } from 'zod'

/** Which token (or tokens) of a text stand for it. `last` and `first` follow the attention mask. */
export const positionsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('last') }),
  z.object({ kind: z.literal('first') }),
  /** The token `offset` before the last; rows with fewer tokens are left out. */
  z.object({ kind: z.literal('from-end'), offset: z.int().min(1) }),
  /** The token `offset` after the first. */
  z.object({ kind: z.literal('from-start'), offset: z.int().min(1) }),
  z.object({ kind: z.literal('mean') }),
  z.object({ kind: z.literal('all') }),
  /** Last token that overlaps the characters of `column`'s value inside the text. */
  z.object({ kind: z.literal('span'), column: z.string().min(1) }),
  /** Mean over the tokens of the row's word: those that overlap the characters from the columns `start` to `end` of the text. */
  z.object({ kind: z.literal('word') })
])
export type Positions = z.infer<typeof positionsSchema>

/** How a row becomes a text: one column as it is, or a template such as `The city of {city} is in {country}.` */
export const textSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('column'), column: z.string().min(1) }),
  z.object({ kind: z.literal('template'), template: z.string().min(1).max(100_000) })
])
export type TextSource = z.infer<typeof textSourceSchema>

/** How a dataset file is read. Omitted fields are sniffed. */
export const readOptionsSchema = z.object({
  delimiter: z.string().length(1).optional(),
  header: z.boolean().optional(),
  /** What a row of a CoNLL-U file is. */
  rows: z.enum(['words', 'sentences']).optional()
})
export type ReadOptions = z.infer<typeof readOptionsSchema>

export const columnRolesSchema = z.object({
  text: textSourceSchema,
  /** The column whose value the probe predicts; null runs extraction and projection alone. */
  label: z.string().nullable(),
  /** Further numeric columns predicted together with the label, such as longitude beside latitude. */
  moreTargets: z.array(z.string().min(1)).max(16).default([]),
  /** Rows that share this column's value never straddle a fold; null splits by row. */
  group: z.string().nullable(),
  /** A column that marks the test rows (true, 1, "test"); null tests on every fold in turn. */
  test: z.string().nullable().default(null),
  /** The two rows of a contrast pair share this column's value. */
  pair: z.string().nullable().default(null),
  /** Whether a statement affirms or negates: affirmative, 1, true, yes; negated, −1, 0, false, no. */
  polarity: z.string().nullable().default(null),
  /** The dataset or topic a row comes from: what TTPD centres by. */
  topic: z.string().nullable().default(null)
})
export type ColumnRoles = z.infer<typeof columnRolesSchema>

export const extractionSchema = z.object({
  positions: positionsSchema.default({ kind: 'last' }),
  /** Exact site names in depth order; null takes the default: embedding, every block's output, final norm. */
  sites: z.array(z.string()).nullable().default(null),
  dtype: z.enum(['f32', 'f16']).default('f32'),
  /** Execution provider by ONNX Runtime's name: cpu, cuda, webgpu, dml, coreml. */
  provider: z.string().default('cpu'),
  /** Padded tokens in one batch; null lets the engine choose. */
  batchTokens: z.int().positive().nullable().default(null),
  limit: z.int().positive().nullable().default(null)
})
export type ExtractionPlan = z.infer<typeof extractionSchema>

/**
 * What is predicted. `auto` goes by the label column: a quantity is `numeric`, anything else is `classes`.
 * `tree`: the parse of every sentence of a treebank read word by word, whatever the label.
 */
export const probeTaskSchema = z.enum(['auto', 'classes', 'numeric', 'tree'])
export type ProbeTask = z.infer<typeof probeTaskSchema>

export const probePlanSchema = z.object({
  task: probeTaskSchema.default('auto'),
  /** Empty takes those that the task suggests. */
  methods: z.array(z.string()).default([]),
  /** How test rows are chosen where no column marks them: whole groups dealt into folds, or every group held out by itself. */
  split: z.enum(['folds', 'leave-one-group-out']).default('folds'),
  folds: z.int().min(2).max(50).default(5),
  /** Strengths of regularisation tried, log-spaced: C in [1e-4, 1e4] for classes, α in [1e-1, 1e6] for numbers. */
  strengths: z.int().min(1).max(50).default(10),
  seed: z.int().min(0).default(0)
})
export type ProbePlan = z.infer<typeof probePlanSchema>

export const projectionPlanSchema = z.object({
  method: z.enum(['umap', 'pca']).default('umap'),
  neighbors: z.int().min(2).max(200).default(15),
  minDist: z.number().min(0).max(1).default(0.1),
  /** Optimisation epochs; null takes UMAP's own choice by size. */
  epochs: z.int().positive().nullable().default(null),
  seed: z.int().min(0).default(0)
})
export type ProjectionPlan = z.infer<typeof projectionPlanSchema>

export const recipeSchema = z.object({
  format: z.literal('layerscope-recipe'),
  version: z.literal(1),
  model: z.object({
    /** Absolute, or relative to the folder of the recipe file. */
    path: z.string().min(1),
    /** Content identity when it was saved; null when written by hand. */
    hash: z.string().nullable().default(null)
  }),
  dataset: z.object({
    path: z.string().min(1),
    hash: z.string().nullable().default(null),
    read: readOptionsSchema.prefault({}),
    roles: columnRolesSchema
  }),
  extraction: extractionSchema.prefault({}),
  probe: probePlanSchema.prefault({}),
  projection: projectionPlanSchema.prefault({})
})
export type Recipe = z.infer<typeof recipeSchema>
