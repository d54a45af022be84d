import { statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { LayerscopeError } from '../../errors'
import type { Intervention, TokenBatch } from '../open-model'
import type { CacheHints, Pack, ReadableModel, SessionGraph } from '../readable-model'
import { COTANGENT, GRADIENT } from '../gradients'
import { matrixThreads } from './threads'

/** An output in float32 with the dims the graph gave it. */
export interface RawOutput { readonly data: Float32Array; readonly dims: readonly number[] }
/** Outputs by source. */
export type RawOutputs = ReadonlyMap<string, RawOutput>

export interface SessionPlan {
  readonly sources: readonly string[]
  /** Sites that take interventions. */
  readonly changed?: readonly string[]
  /** Also give the model's own output, as it is. */
  readonly original: boolean
  /** `brief` sessions serve a few tokens and keep large weights mapped instead of copying them into faster layouts. */
  readonly use: 'brief' | 'lasting'
}

/** Above this, a session that serves a few tokens leaves weights where they are. */
const MAP_BRIEFLY = 256 * 2 ** 20

/** One ONNX Runtime session and the graph it was made of. */
export class GraphSession {
  readonly sources: ReadonlySet<string>

  private constructor(
    /** Sites that take interventions. */
    readonly changed: readonly string[],
    private readonly model: ReadableModel, private readonly graph: SessionGraph,
    private readonly session: InferenceSession, private readonly hints: CacheHints,
    /** Matrices are copied into the layout that multiplies fastest. */
    readonly prepacked: boolean
  ) {
    this.sources = new Set(graph.outputs.keys())
  }

  /** @throws LayerscopeError `model-load-failed` */
  static async create(model: ReadableModel, provider: string, plan: SessionPlan, hints: CacheHints): Promise<GraphSession> {
    return GraphSession.over(model, model.graphFor(plan.sources, plan.original, plan.changed), provider, plan, hints)
  }

  /** A session of a graph that is already written. */
  static async over(model: ReadableModel, graph: SessionGraph, provider: string, plan: Pick<SessionPlan, 'use' | 'changed'>, hints: CacheHints): Promise<GraphSession> {
    const bytes = model.weightFiles.reduce((total, file) => total + statSync(file).size, 0)
    const mapped = plan.use === 'brief' ? model.declared !== null || bytes > MAP_BRIEFLY : !model.prepackable || bytes > totalmem() / 4
    try {
      const session = await InferenceSession.create(graph.bytes, {
        executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
        // For a few tokens, rewriting the graph takes longer than it saves.
        graphOptimizationLevel: plan.use === 'brief' && model.declared !== null ? 'disabled' : 'all',
        intraOpNumThreads: matrixThreads(),
        interOpNumThreads: 1,
        // Batches differ in shape: a remembered allocation per shape only holds memory.
        enableMemPattern: false,
        logSeverityLevel: 4,
        ...(graph.memory.length === 0 ? {} : { externalData: graph.memory }),
        extra: {
          session: {
            model_external_initializers_file_folder_path: graph.folder,
            ...(mapped ? { disable_prepacking: '1' } : {}),
            // Threads that spin while they wait for work slow down the one that loads.
            ...(plan.use === 'brief' ? { intra_op: { allow_spinning: '0' } } : {})
          },
          // A folded cast of a half-precision matrix would be a copy twice its size, a folded transpose of a large one a copy too large.
          ...(mapped && (model.declared !== null || !model.prepackable) ? { optimization: { disable_specified_optimizers: 'ConstantFolding' } } : {})
        }
      })
      return new GraphSession(plan.changed ?? [], model, graph, session, hints, !mapped)
    } catch (cause) {
      throw new LayerscopeError({
        code: 'model-load-failed',
        message: `ONNX Runtime cannot load this model: ${sentence(cause)}`,
        hint: 'The file may need a newer ONNX Runtime, or a provider this machine lacks.'
      }, { cause })
    }
  }

  /** @throws LayerscopeError `model-run-failed`, `model-inputs` */
  async run(batch: TokenBatch, sources: readonly string[], interventions: readonly Intervention[] = []): Promise<RawOutputs> {
    const changes = interventions.length === 0 ? {} : this.model.interventionFeeds?.(interventions, batch) ?? {}
    const plain = this.session.inputNames.filter(name => !(name in changes))
    return this.runFeeds({ ...this.model.feeds(plain, batch, this.hints), ...changes }, sources, `${String(batch.rows)} × ${String(batch.length)}`)
  }

  /** The same for a pack: outputs are [1, slots, …]. */
  async runPack(pack: Pack, sources: readonly string[]): Promise<RawOutputs> {
    return this.runFeeds(pack.feeds(this.session.inputNames), sources, String(pack.tokens.length))
  }

  private async runFeeds(feeds: Readonly<Record<string, OrtTensor>>, sources: readonly string[], size: string): Promise<RawOutputs> {
    const names = new Map(sources.flatMap(source => {
      const output = this.graph.outputs.get(source)
      return output === undefined ? [] : [[source, output] as const]
    }))
    const outputs = await this.fetch(feeds, [...new Set(names.values())], size)
    const found = new Map<string, RawOutput>()
    for (const [source, output] of names) {
      const tensor = outputs[output]
      if (tensor !== undefined) found.set(source, raw(tensor))
    }
    return found
  }

  /** The gradient of a graph with a backward pass. */
  async runGradient({ rows, length, ...batch }: TokenBatch, cotangent: Float32Array, width: number): Promise<RawOutput> {
    const plain = this.session.inputNames.filter(name => name !== COTANGENT)
    const feeds = { ...this.model.feeds(plain, { rows, length, ...batch }, this.hints), [COTANGENT]: new OrtTensor('float32', cotangent, [rows, length, width]) }
    const tensor = (await this.fetch(feeds, [GRADIENT], `${String(rows)} × ${String(length)}`))[GRADIENT]
    return tensor === undefined ? { data: new Float32Array(0), dims: [] } : raw(tensor)
  }

  /** The model's own output; the session must have been planned with `original`. */
  async runOriginal(batch: TokenBatch, output: string): Promise<RawOutput> {
    const feeds = this.model.feeds(this.session.inputNames, batch, this.hints)
    const tensor = (await this.fetch(feeds, [output], `${String(batch.rows)} × ${String(batch.length)}`))[output]
    return tensor === undefined ? { data: new Float32Array(0), dims: [] } : raw(tensor)
  }

  release(): Promise<void> {
    return this.session.release()
  }

  private async fetch(feeds: Readonly<Record<string, OrtTensor>>, names: readonly string[], size: string): Promise<Readonly<Record<string, OrtTensor>>> {
    try {
      return await this.session.run(feeds, [...names])
    } catch (cause) {
      throw new LayerscopeError({
        code: 'model-run-failed',
        message: `The model failed on a batch of ${size} tokens: ${sentence(cause)}`,
        hint: 'A smaller batch, shorter texts or the CPU provider may help.'
      }, { cause })
    }
  }
}

/** Sessions that stay in memory: the one of the running extraction, and the one of whatever else is looked at. */
const HELD_SESSIONS = 2

/**
 * The lasting sessions of one model. ONNX Runtime computes every node of a session, asked for or not,
 * so each set of sources gets a session of its own whose graph ends at the last of them.
 */
export class ModelSessions {
  private held: GraphSession[] = []
  private gradients: { readonly wrt: string; readonly session: GraphSession } | null = null

  /** @param onPrepacked told whether copies of the weights are held, whenever that changes */
  constructor(private readonly model: ReadableModel, private readonly provider: string, private readonly hints: CacheHints, private readonly onPrepacked: (prepacked: boolean) => void = () => undefined) {}

  /** Runs one batch for the sources, with a session made for them on first use. */
  async run(batch: TokenBatch, sources: readonly string[], interventions: readonly Intervention[] = []): Promise<RawOutputs> {
    return (await this.sessionFor(sources, interventions.map(({ site }) => site))).run(batch, sources, interventions)
  }

  /** The same for a pack. */
  async runPack(pack: Pack, sources: readonly string[]): Promise<RawOutputs> {
    return (await this.sessionFor(sources)).runPack(pack, sources)
  }

  /** Derivative of sum(cotangent ∘ output) with respect to the source `wrt`; the session of the last one asked for is kept. */
  async gradient(batch: TokenBatch, wrt: string, cotangent: Float32Array, width: number): Promise<RawOutput> {
    if (this.gradients?.wrt !== wrt) {
      const graph = this.model.gradientGraph?.graphFor(wrt)
      if (graph === undefined) throw new Error('This model has no backward pass.')
      await this.gradients?.session.release()
      this.gradients = null
      this.gradients = { wrt, session: await GraphSession.over(this.model, graph, this.provider, { use: 'lasting' }, this.hints) }
    }
    return this.gradients.session.runGradient(batch, cotangent, width)
  }

  async close(): Promise<void> {
    const { held, gradients } = this
    this.held = []
    this.gradients = null
    await gradients?.session.release()
    for (const session of held) await session.release()
  }

  private async sessionFor(sources: readonly string[], changed: readonly string[] = []): Promise<GraphSession> {
    // A held session that computes a little more is better than a new copy of the weights.
    const found = this.held.find(held => held.changed.join() === changed.join() && held.sources.size <= sources.length * 2 && sources.every(source => held.sources.has(source)))
    if (found !== undefined) {
      this.held = [found, ...this.held.filter(held => held !== found)]
      return found
    }
    for (const dropped of this.held.splice(HELD_SESSIONS - 1)) await dropped.release()
    const created = await GraphSession.create(this.model, this.provider, { sources, changed, original: false, use: 'lasting' }, this.hints)
    this.held.unshift(created)
    this.onPrepacked(this.held.some(({ prepacked }) => prepacked))
    return created
  }
}

function raw(tensor: OrtTensor): RawOutput {
  const { data } = tensor
  if (data instanceof Float32Array) return { data, dims: tensor.dims }
  if (tensor.type === 'float16' && data instanceof Uint16Array) return { data: Float32Array.from(data, halfToFloat), dims: tensor.dims }
  if (Array.isArray(data)) return { data: new Float32Array(0), dims: tensor.dims }
  return { data: Float32Array.from(data as ArrayLike<number>, Number), dims: tensor.dims }
}

function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function sentence(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  const short = text.split('\n')[0]?.slice(0, 400) ?? ''
  return /[.!?]$/.test(short) ? short : `${short}.`
}
