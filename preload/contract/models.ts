/** What is known of a model: the places in it that can be read, what it takes in memory, and the models found on this machine. */

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

export interface ProviderInfo {
  readonly name: string
  readonly ok: boolean
  readonly reason?: string
}
