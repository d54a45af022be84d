import type { ErrorReport, ModelCheck, ModelMemory, ModelSummary } from '../../../../preload/contract'
import type { ArchitectureHints } from '../config'
import type { ModelFiles } from '../locate'
import type { Gather, Intervention, SamplingOptions, Tensor, TokenBatch } from '../open-model'
import type { BlockStructure, MeasuredSite } from '../site-plan'

/** What a model's worker thread is asked. Each request with an id ends in one reply of the same id. */
export type WorkerRequest =
  /** Does once what opening a model does, with no model, so that the first one finds code compiled and ONNX Runtime begun. */
  | { readonly kind: 'rehearse' }
  | { readonly kind: 'open'; readonly id: number; readonly files: Pick<ModelFiles, 'format' | 'graph' | 'config'>; readonly provider: string; readonly hints: ArchitectureHints }
  | { readonly kind: 'run'; readonly id: number; readonly batch: TokenBatch; readonly sites: readonly string[]; readonly gather: Gather; readonly interventions: readonly Intervention[] }
  | { readonly kind: 'generate'; readonly id: number; readonly prompt: readonly number[]; readonly options: SamplingOptions; readonly arithmetic: 'exact' | 'fast'; readonly limit: number | null }
  | { readonly kind: 'gradient'; readonly id: number; readonly batch: TokenBatch; readonly wrt: string; readonly cotangent: Float32Array }
  /** Stops the generation `id` after the token under way. */
  | { readonly kind: 'stop'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number }

/** What the worker knows of an open model, as its summary says it, and what running it needs. */
export interface OpenedGraph extends Pick<ModelSummary, 'layers' | 'hidden' | 'heads' | 'kvHeads' | 'headDim' | 'vocab' | 'precision' | 'defaultSites' | 'checks' | 'warnings'> {
  readonly sites: readonly MeasuredSite[]
  readonly structure: BlockStructure
  readonly sharesPrefixes: boolean
  readonly gradientOutput: string | null
  readonly weightFiles: readonly string[]
  readonly memory: ModelMemory
  readonly provider: string
  readonly providerNote: string | null
}

export type WorkerReply =
  | { readonly kind: 'stage'; readonly id: number; readonly stage: string }
  | { readonly kind: 'check'; readonly id: number; readonly check: ModelCheck }
  /** Loaded: from now on it could run. The self-tests follow. */
  | { readonly kind: 'ready'; readonly id: number; readonly opened: OpenedGraph }
  | { readonly kind: 'opened'; readonly id: number; readonly opened: OpenedGraph }
  /** Whether copies of the weights are held from now on; told of the id that opened the model. */
  | { readonly kind: 'prepacked'; readonly id: number; readonly prepacked: boolean }
  | { readonly kind: 'tensors'; readonly id: number; readonly tensors: readonly (readonly [string, Tensor])[]; readonly computedTokens: number }
  | { readonly kind: 'gradient'; readonly id: number; readonly tensor: Tensor }
  | { readonly kind: 'token'; readonly id: number; readonly token: number }
  | { readonly kind: 'generated'; readonly id: number }
  | { readonly kind: 'closed'; readonly id: number }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorReport }
