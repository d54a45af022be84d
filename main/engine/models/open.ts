import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { LoadedModel, ModelCheck, ModelSummary, SiteInfo } from '../../../preload/contract'
import { LayerscopeError } from '../errors'
import { NO_HINTS, readHints, readLicense, type ArchitectureHints } from './config'
import { renderChat } from './chat'
import { readGenerationCard, type GenerationCard } from './generation-card'
import { contentHash } from './hash'
import { locateModel, type ModelFiles } from './locate'
import { ModelThread } from './model-thread'
import { ENCODERS } from './model-type'
import type { OpenModel, Tokenizer } from './open-model'
import { usableProvider } from './providers'
import type { MeasuredSite } from './site-plan'
import type { OpenedGraph } from './worker/worker-messages'

export interface OpenModelOptions {
  /** Execution provider by ONNX Runtime's name; `cpu` when left out. One that does not work here falls back to the CPU with a note. */
  readonly provider?: string
  readonly onStage?: (stage: string) => void
  readonly onCheck?: (check: ModelCheck) => void
  /** The model is loaded and its card complete but for its hash and self-tests, which follow. Not for formats whose sites only a run tells. */
  readonly onReady?: (summary: LoadedModel) => void
  readonly signal?: AbortSignal
}

/**
 * Opens the model at a path (file or folder): finds its sites, loads it in a thread of its own, and lets it prove itself.
 * @throws LayerscopeError `model-missing`, `model-unreadable`, `model-truncated`, `model-data-missing`, `model-data-outside`, `model-inputs`, `model-load-failed`
 */
export async function openModel(path: string, options: OpenModelOptions = {}): Promise<OpenModel> {
  const started = performance.now()
  const { signal } = options
  signal?.throwIfAborted()
  const files = locateModel(path)
  const choice = await usableProvider(options.provider ?? 'cpu')
  const tokenizerPath = files.folders.map(folder => join(folder, 'tokenizer.json')).find(candidate => existsSync(candidate)) ?? null

  const thread = new ModelThread()
  const stop = (): void => { void thread.stop() }
  signal?.addEventListener('abort', stop, { once: true })
  try {
    // Read while the thread starts. A failure is told once the graph has been read: that error comes first.
    const reading = readCard(files)
    reading.catch(() => undefined)
    const describe = async (opened: OpenedGraph): Promise<Described> => {
      const card = await reading
      const summary = cardOf(files, resolve(path), card, opened, choice.note, performance.now() - started)
      options.onReady?.(summary)
      const hash = contentHash([...opened.weightFiles, ...(tokenizerPath === null ? [] : [tokenizerPath])], signal)
      hash.catch(() => undefined)
      return { card, summary, hash }
    }
    const ready: Promise<Described>[] = []
    const opened = await thread.open(files, choice.provider, files.format === 'onnx' ? (await reading).hints : NO_HINTS, {
      stage: text => options.onStage?.(text), check: check => options.onCheck?.(check),
      ready: graph => {
        const described = describe(graph)
        described.catch(() => undefined)
        ready.push(described)
      }
    })
    const { card, summary: described, hash } = await (ready[0] ?? describe(opened))
    const { tokenizer, hints } = card
    const { sites } = described
    const summary: Omit<ModelSummary, 'modelId'> = { ...described, hash: await hash, checks: opened.checks }
    return {
      summary, sites, batching: opened.sharesPrefixes ? 'prefix' : 'length',
      provider: summary.provider,
      get prepacked(): boolean { return thread.prepacked },
      get tokenizer(): Tokenizer {
        if (tokenizer === null) {
          throw new LayerscopeError({
            code: 'tokenizer-missing', message: `${files.name} has no tokenizer.json beside it or one folder up.`, file: files.graph,
            hint: 'Put the tokenizer.json it was trained with into the same folder.'
          })
        }
        return tokenizer
      },
      run: (batch, asked, gather, interventions) => thread.run(batch, asked, gather, interventions).catch((error: unknown) => {
        throw error instanceof LayerscopeError && error.report.code === 'token-outside-vocabulary' ? namingFile(error, tokenizerPath ?? files.graph) : error
      }),
      gradientOutput: opened.gradientOutput,
      gradient: (batch, wrt, cotangent) => thread.gradient(batch, wrt, cotangent),
      stopIds: card.generation.stopIds,
      renderChat: message => renderChat(card.generation.chat, message),
      generate: (prompt, { arithmetic, ...sampling }, onToken, cancel) => thread.generate(prompt, sampling, arithmetic, hints.maxPositions, onToken, cancel),
      close: () => thread.close()
    }
  } catch (error) {
    await thread.stop()
    signal?.throwIfAborted()
    throw error instanceof LayerscopeError ? namingFile(error, files.graph) : error
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** The same error with the file it is about, where it names none: a graph does not know what it came from. */
function namingFile(error: LayerscopeError, file: string): LayerscopeError {
  return error.report.file === undefined ? new LayerscopeError({ ...error.report, file }, { cause: error }) : error
}

interface Described { readonly card: Card; readonly summary: LoadedModel; readonly hash: Promise<string> }

function cardOf(files: ModelFiles, path: string, card: Card, opened: OpenedGraph, fallback: string | null, openMs: number): LoadedModel {
  const { hints, warning, tokenizer } = card
  return {
    path, name: card.name ?? files.name,
    family: hints.family ?? familyByStructure(opened),
    format: files.format, precision: opened.precision, layers: opened.layers, hidden: opened.hidden,
    heads: opened.heads ?? hints.heads, kvHeads: opened.kvHeads ?? hints.kvHeads, headDim: opened.headDim ?? hints.headDim,
    vocab: opened.vocab ?? hints.vocab, maxPositions: hints.maxPositions,
    bytes: opened.weightFiles.reduce((total, file) => total + statSync(file).size, 0),
    license: card.license ?? readLicense(files.folders),
    sites: opened.sites.map(siteInfo), defaultSites: opened.defaultSites,
    warnings: [...(warning === null ? [] : [warning]), ...opened.warnings, ...tokenizerWarnings(files, tokenizer, opened.vocab ?? hints.vocab)],
    provider: { name: opened.provider, note: fallback ?? opened.providerNote },
    openMs,
    tokenizer: tokenizer?.kind ?? null,
    chatTemplate: card.generation.chat !== null,
    memory: opened.memory,
    promptObstacle: promptObstacle(hints.family ?? familyByStructure(opened), opened, tokenizer)
  }
}

/** A tokenizer with a few tokens too many still serves most texts, so that it is no reason to refuse the model. */
function tokenizerWarnings({ format, graph }: ModelFiles, tokenizer: Tokenizer | null, vocab: number | null): readonly string[] {
  if (tokenizer === null) return ['No tokenizer.json lies beside the model or one folder up: texts cannot be tokenized.']
  if (vocab === null || tokenizer.vocabSize <= vocab) return []
  const owner = format === 'gguf' ? `The tokenizer of ${basename(graph)}` : 'tokenizer.json'
  return [`${owner} has ${String(tokenizer.vocabSize)} tokens, the model’s embedding ${String(vocab)} rows: texts with the others are refused. Check that the tokenizer is the model’s own.`]
}

function promptObstacle(family: string, { sites }: OpenedGraph, tokenizer: Tokenizer | null): string | null {
  if (tokenizer === null) return 'The model came without a tokenizer, so a prompt cannot be read.'
  if (ENCODERS.has(family)) return 'The model is an encoder: it reads a text in both directions and predicts no next token.'
  if (!sites.some(site => site.name === 'logits')) return 'The model was exported without the head that predicts the next token.'
  return null
}

interface Card { readonly hints: ArchitectureHints; readonly warning: string | null; readonly tokenizer: Tokenizer | null; readonly name: string | null; readonly license: string | null; readonly generation: GenerationCard }

/** What the model says of itself: a GGUF file in its own metadata, the others in config.json. */
async function readCard(files: ModelFiles): Promise<Card> {
  if (files.format === 'gguf') {
    const { readGgufCard } = await import('./gguf/gguf-card')
    const card = await readGgufCard(files.graph)
    return { ...card, tokenizer: await tokenizerOf(card.tokenizer, files.folders), warning: null }
  }
  return { ...readHints(files.folders), tokenizer: await loadTokenizer(files.folders), name: null, license: null, generation: readGenerationCard(files.folders) }
}

/** A GGUF file's own tokenizer; where it has none, or one that is not known, the one that lies beside it. */
async function tokenizerOf(own: () => Tokenizer | null, folders: readonly string[]): Promise<Tokenizer | null> {
  try {
    const tokenizer = own()
    if (tokenizer !== null) return tokenizer
  } catch (error) {
    const beside = await loadTokenizer(folders)
    if (beside === null) throw error
    return beside
  }
  return loadTokenizer(folders)
}

async function loadTokenizer(folders: readonly string[]): Promise<Tokenizer | null> {
  const { loadTokenizer: load } = await import('./tokenizer/index')
  for (const folder of folders) {
    const tokenizer = await load(folder)
    if (tokenizer !== null) return tokenizer
  }
  return null
}

function siteInfo(site: MeasuredSite): SiteInfo {
  const { name, kind, layer } = site
  if (site.layout === 'pattern') return { name, kind, layer, shape: ['batch', site.heads ?? 'head', 'position', 'position'], width: null }
  const shape = site.layout === 'heads' && site.heads !== null && site.headDim !== null ? ['batch', 'position', site.heads, site.headDim] as const : ['batch', 'position', site.width] as const
  return { name, kind, layer, shape, width: site.width }
}

function familyByStructure({ structure, sites }: OpenedGraph): string {
  const decodes = sites.some(site => site.name === 'logits')
  if (structure === 'post-norm') return 'encoder'
  if (structure === 'parallel') return 'parallel-decoder'
  return structure === 'sequential' ? (decodes ? 'decoder' : 'transformer') : 'unknown'
}
