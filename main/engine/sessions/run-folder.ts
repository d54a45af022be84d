import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { measureNames, type ProbeValues, type ProjectionResult, type RunSummary, type SiteResult, type SweepSummary } from '../../../preload/contract'
import { columnRolesSchema, extractionSchema, probePlanSchema, type Positions, type ProjectionPlan } from '../../../preload/recipe'
import { openStore, type ActivationStore, type Matrix } from '../activations/index'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'
import { errorReportSchema } from './error-report-schema'
import { HeldOutFile, readHeldOut, type HeldOutLayout } from './held-out'
import { positionFolder } from './position-folders'
import { ProbesFile, readProbes, type ReadProbes } from './probes-file'
import { readProjection, saveProjection } from './projection-files'

export const RUN_FILE = 'run.json'
const KEPT_MATRIX_BYTES = 2 ** 26
export const SWEEP_FILE = 'sweep.json'
export const HELD_OUT_FILE = 'heldout.safetensors'
export const PROBES_FILE = 'probes.safetensors'

const measureName = z.enum(measureNames)
const baselineName = z.enum(['shuffled', 'textOnly', 'majority', 'chance', 'mean', 'controlTask', 'linearTree'])
const intervalSchema = z.object({ lo: z.number(), hi: z.number() })
const siteResult = {
  site: z.string(), method: z.string(),
  measures: z.array(z.object({ name: measureName, value: z.number().nullable(), interval: intervalSchema.nullable(), baselines: z.array(z.object({ name: baselineName, value: z.number() })) })),
  validationScore: z.number(), strength: z.number(), remarks: z.array(z.enum(['constant', 'separable', 'unfinished'])).exactOptional(), seconds: z.number()
}
const classifiedSite = z.object({
  kind: z.literal('classes'), ...siteResult,
  metrics: z.object({
    accuracy: z.number(), balancedAccuracy: z.number(), auroc: z.number().nullable(), logLoss: z.number(),
    interval: intervalSchema, aurocInterval: intervalSchema.nullable()
  }),
  controls: z.object({ shuffled: z.number(), textOnly: z.number(), majority: z.number() }),
  aurocControls: z.object({ shuffled: z.number(), textOnly: z.number() }).nullable()
})
const regressedSite = z.object({
  kind: z.literal('numeric'), ...siteResult,
  targets: z.array(z.object({
    name: z.string(), r2: z.number(), r2Interval: intervalSchema, spearman: z.number().nullable(), spearmanInterval: intervalSchema.nullable(),
    meanAbsoluteError: z.number(), controls: z.object({ shuffled: z.number(), textOnly: z.number(), mean: z.number() })
  }))
})

const treeSite = z.object({
  kind: z.literal('trees'), ...siteResult,
  sentences: z.object({ training: z.int(), validation: z.int(), test: z.int() })
})

/** `sweep.json`: the summary as the window and the command line show it. */
export const sweepSchema = z.object({
  task: z.enum(['binary', 'multiclass', 'numeric', 'tree', 'none']),
  classes: z.array(z.string()),
  folds: z.int(),
  targets: z.array(z.string()).default([]),
  coordinates: z.object({ latitude: z.int(), longitude: z.int() }).nullable().default(null),
  sites: z.array(z.discriminatedUnion('kind', [classifiedSite, regressedSite, treeSite])),
  chosen: z.object({ site: z.string(), method: z.string(), measure: measureName, testScore: z.number(), interval: intervalSchema }).nullable(),
  warnings: z.array(z.string()),
  notes: z.array(z.string()).exactOptional(),
  seconds: z.number()
})

const runFileSchema = z.object({
  format: z.literal('layerscope-run'),
  version: z.literal(1),
  /** Of the activations. */
  storeKey: z.string(),
  /** Of activations, roles and probe plan: the whole run. */
  runKey: z.string(),
  summary: z.object({
    runId: z.string(), startedAt: z.string(), status: z.enum(['complete', 'cancelled', 'failed', 'running']),
    error: errorReportSchema.nullable(),
    model: z.object({ name: z.string(), hash: z.string() }),
    dataset: z.object({ name: z.string(), hash: z.string(), roles: columnRolesSchema }),
    extractionPlan: extractionSchema, probePlan: probePlanSchema,
    extraction: z.object({
      rows: z.int(), tokens: z.int(), paddedTokens: z.int(), computedTokens: z.int().optional(), seconds: z.number(), rowsPerSecond: z.number(),
      sites: z.array(z.object({ name: z.string(), width: z.int() })),
      skipped: z.array(z.object({ row: z.int(), reason: z.string() })),
      truncated: z.int(), readAt: z.object({ token: z.string(), share: z.number() }).optional(), resumedRows: z.int(), provider: z.string()
    }).nullable(),
    sweep: sweepSchema.nullable(),
    rowCount: z.int()
  })
})

export interface RunKeys { readonly storeKey: string; readonly runKey: string }

/** One run on disk: its activations, sweep, held-out values and projections, each written as it comes. */
export class RunFolder {
  private store: Promise<ActivationStore> | null = null
  /** Of other positions of the run's texts, by their folders. */
  private readonly positionStores = new Map<string, Promise<ActivationStore>>()
  /** Values read since the run last changed, by site and method. */
  private readonly valuesRead = new Map<string, ProbeValues>()
  private matrixRead: { readonly site: string; readonly matrix: Matrix } | null = null

  private constructor(readonly folder: string, readonly keys: RunKeys, private current: RunSummary) {}

  static async create(folder: string, keys: RunKeys, summary: RunSummary): Promise<RunFolder> {
    await mkdir(folder, { recursive: true })
    const run = new RunFolder(folder, keys, summary)
    await run.update(summary)
    return run
  }

  /** @throws LayerscopeError `run-missing`, `run-damaged` */
  static async open(folder: string): Promise<RunFolder> {
    const file = join(folder, RUN_FILE)
    const content = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new LayerscopeError({ code: 'run-missing', message: 'The results of a run are missing.', file, hint: 'Put the folder back from a copy, or run again.' }, { cause })
    })
    try {
      const { storeKey, runKey, summary } = runFileSchema.parse(JSON.parse(content))
      return new RunFolder(folder, { storeKey, runKey }, summary)
    } catch (cause) {
      throw new LayerscopeError({ code: 'run-damaged', message: 'The results of a run are damaged: run.json cannot be read.', file, hint: 'Run again.' }, { cause })
    }
  }

  get summary(): RunSummary { return this.current }

  /** The same run under other keys: a stopped run is taken up with a changed probe plan. */
  withKeys(keys: RunKeys): RunFolder {
    return new RunFolder(this.folder, keys, this.current)
  }

  async update(change: Partial<RunSummary>): Promise<RunSummary> {
    this.current = { ...this.current, ...change }
    this.valuesRead.clear()
    await writeFileAtomically(join(this.folder, RUN_FILE), `${JSON.stringify({ format: 'layerscope-run', version: 1, ...this.keys, summary: this.current }, null, 2)}\n`)
    return this.current
  }

  /** The finished activations; opened once. */
  activations(): Promise<ActivationStore> {
    const opened = this.store ?? openStore(this.folder)
    this.store = opened
    opened.catch(() => { this.store = null })
    return opened
  }

  /** The finished activations of another position of the run's texts; opened once. */
  positionStore(positions: Positions): Promise<ActivationStore> {
    const folder = positionFolder(this.folder, positions)
    const opened = this.positionStores.get(folder) ?? openStore(folder)
    this.positionStores.set(folder, opened)
    opened.catch(() => { this.positionStores.delete(folder) })
    return opened
  }

  async saveSweep(sweep: SweepSummary): Promise<void> {
    await writeFileAtomically(join(this.folder, SWEEP_FILE), `${JSON.stringify(sweep, null, 2)}\n`)
    await this.update({ sweep })
  }

  async beginHeldOut(layout: HeldOutLayout, sites: readonly string[], methods: readonly string[], rows: number): Promise<HeldOutFile> {
    return await HeldOutFile.create(join(this.folder, HELD_OUT_FILE), layout, sites, methods, rows)
  }

  async beginProbes(sites: readonly string[], methods: readonly string[]): Promise<ProbesFile> {
    return await ProbesFile.create(join(this.folder, PROBES_FILE), sites, methods)
  }

  /** The trained probes of one method at a site. @throws LayerscopeError `probes-missing` */
  async probes(site: string, method: string): Promise<ReadProbes> {
    return await readProbes(join(this.folder, PROBES_FILE), site, method)
  }

  /** Held-out values of a method at a site; null: the one that validation chose there. @throws LayerscopeError `values-not-ready` */
  async values(site: string, asked: string | null = null): Promise<ProbeValues> {
    const method = asked !== null && this.resultAt(site, asked) === null ? null : asked ?? this.methodAt(site)
    if (method === null || this.current.status === 'running') {
      throw new LayerscopeError({ code: 'values-not-ready', message: `There is no finished ${asked === null ? '' : `${asked} `}probe at ${site}.`, field: 'site', hint: 'Run the probes to the end first.' })
    }
    const key = `${site}/${method}`
    const read = this.valuesRead.get(key)
    if (read !== undefined) return read
    const { rows } = await this.activations()
    const values: ProbeValues = { rows, ...await readHeldOut(join(this.folder, HELD_OUT_FILE), site, method) }
    this.valuesRead.set(key, values)
    return values
  }

  /** A site's activations; the last one is kept where it is small, since questions about neighbours come one after another. */
  async site(site: string): Promise<Matrix> {
    if (this.matrixRead?.site === site) return this.matrixRead.matrix
    const matrix = await (await this.activations()).readSite(site)
    this.matrixRead = matrix.data.byteLength <= KEPT_MATRIX_BYTES ? { site, matrix } : null
    return matrix
  }

  /** One site × method of the sweep; null where there is none. */
  resultAt(site: string, method: string): SiteResult | null {
    return this.current.sweep?.sites.find(result => result.site === site && result.method === method) ?? null
  }

  /** Best method at a site by validation; null before the sweep. */
  methodAt(site: string): string | null {
    const results = (this.current.sweep?.sites ?? []).filter(result => result.site === site)
    const chosen = this.current.sweep?.chosen
    if (chosen?.site === site) return chosen.method
    return results.reduce<typeof results[number] | null>((best, result) => best !== null && best.validationScore >= result.validationScore ? best : result, null)?.method ?? null
  }

  async saveProjection(plan: ProjectionPlan, result: ProjectionResult): Promise<void> {
    await saveProjection(this.projections, plan, result)
  }

  async projection(site: string, plan: ProjectionPlan): Promise<ProjectionResult | null> {
    return await readProjection(this.projections, site, plan)
  }

  async close(): Promise<void> {
    const stores = [this.store, ...this.positionStores.values()]
    this.store = null
    this.positionStores.clear()
    this.matrixRead = null
    for (const store of stores) await (await store?.catch(() => null))?.close()
  }

  private get projections(): string { return join(this.folder, 'projections') }
}
