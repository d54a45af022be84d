import type { Tensor as OrtTensor } from 'onnxruntime-node'
import type { ModelMemory } from '../../../preload/contract'
import type { Intervention, TokenBatch } from './open-model'
import type { LogitOf } from './screened-head'
import type { BlockStructure, MeasuredSite, SitePlan } from './site-plan'

/** Head counts for caches whose dims a file leaves open. */
export interface CacheHints { readonly kvHeads: number | null; readonly headDim: number | null }

/** A graph ready for a session: bytes, the folder its weights are in, and which output holds which source. */
export interface SessionGraph {
  readonly bytes: Uint8Array
  readonly folder: string
  /** Weights held in memory, by the location the graph names them with; empty where all are in files. */
  readonly memory: readonly { readonly path: string; readonly data: Uint8Array }[]
  readonly outputs: ReadonlyMap<string, string>
}

/** A graph that continues from the keys and values of what came before, for one row. */
export interface CachedGraph {
  readonly bytes: Uint8Array
  readonly folder: string
  readonly memory: SessionGraph['memory']
  /** Inputs and outputs that carry the cache, with the dims of an empty one. */
  readonly cache: readonly { readonly past: string; readonly present: string; readonly dims: readonly number[] }[]
  /** A single logit, where the graph gives bounds of them all instead of the logits. */
  readonly logitOf: LogitOf | null
  /** True where keys computed for `past` tokens do not serve `total`: rotation that changes with the length begins anew. */
  outdated(past: number, total: number): boolean
  /** Everything but the cache, for `ids` that follow `past` tokens. */
  feeds(ids: readonly number[], past: number): Record<string, OrtTensor>
}

/** What a configuration says of a model's sites before anything has run. */
export interface DeclaredSites {
  readonly sites: readonly MeasuredSite[]
  readonly hidden: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  /** Sources the self-tests read: whatever goes wrong in a block shows in one of them. */
  readonly checked: readonly string[]
}

/** Some rows of a batch, run as one row of slots. */
export interface Pack {
  /** Each row of the pack with the slot of each of its real tokens. */
  readonly rows: readonly { readonly row: number; readonly slots: Int32Array }[]
  /** Tokens that are run: [slots]. */
  readonly tokens: Int32Array
  feeds(needed: readonly string[]): Readonly<Record<string, OrtTensor>>
}

/** What every format gives: sites, and graphs that compute any set of them. */
export interface ReadableModel {
  readonly sites: readonly SitePlan[]
  readonly defaultSites: readonly string[]
  /** Null where only a run tells how wide the sites are. */
  readonly declared: DeclaredSites | null
  readonly structure: BlockStructure
  readonly layers: number
  readonly warnings: readonly string[]
  /** Family by the model's own word; null where only its structure tells. */
  readonly family: string | null
  /** The output the file came with, to prove that adding others leaves it alone; null for graphs Layerscope writes. */
  readonly mainOutput: string | null
  /** Weights by what they are stored as, most bytes first: float32, float16, int8, int4, … */
  readonly precision: string
  readonly vocab: number | null
  /** Every file the weights are in, real paths. */
  readonly weightFiles: readonly string[]
  /** What the weights take in memory. */
  readonly memory: ModelMemory
  /** False where a copy of one weight would be larger than a single allocation may be: matrices are then multiplied where they lie. */
  readonly prepackable: boolean
  /** True where activations are quantised by their own range, so that batching changes results slightly. */
  readonly dynamicQuantisation: boolean
  /** What the inputs `needed` are fed for one batch. */
  feeds(needed: readonly string[], batch: TokenBatch, hints: CacheHints): Readonly<Record<string, OrtTensor>>
  /** Lays a batch out in packs in which what rows share stands once; null where graphs take plain batches alone. */
  readonly pack: ((batch: TokenBatch) => readonly Pack[]) | null
  /** True where rows that begin alike share that beginning in a pack. */
  readonly sharesPrefixes: boolean
  /**
   * Null where the format gives no cached graph: generation then runs the whole prefix for each token. `fast` may round activations;
   * of `greedy` choice only the greatest logit matters.
   */
  cachedGraph: ((arithmetic: 'exact' | 'fast', choice: 'greedy' | 'sampled') => CachedGraph) | null
  /** Inputs of a graph that was made for these interventions; null where sites cannot be changed. */
  readonly interventionFeeds: ((interventions: readonly Intervention[], batch: TokenBatch) => Readonly<Record<string, OrtTensor>>) | null
  /**
   * A graph that takes a `cotangent` shaped as the output and gives the `gradient` of sum(cotangent ∘ output) with respect to a site;
   * null where there is no backward pass. `of` is the output: logits, or the last block's of an encoder.
   */
  readonly gradientGraph: { readonly of: string; readonly graphFor: (wrt: string) => SessionGraph } | null
  /** A graph whose outputs are `sources`, float32; with `original`, the model's own output too, untouched. `changed` sites take interventions. */
  graphFor(sources: readonly string[], original: boolean, changed?: readonly string[]): SessionGraph
}
