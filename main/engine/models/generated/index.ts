/** Models whose graph Layerscope writes itself: Hugging Face safetensors folders and GGUF files, weights in place. */
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Tensor as OrtTensor } from 'onnxruntime-node'
import { LayerscopeError } from '../../errors'
import { GRADIENT, gradientOf } from '../gradients'
import type { ReadableModel, SessionGraph } from '../readable-model'
import type { MeasuredSite } from '../site-plan'
import type { Architecture, TensorNames } from './architecture'
import { ModelConfig } from './config'
import { architectureOf, familyOf, headIsTied, modelTypeOf } from './families'
import { CACHED, INPUTS } from './graph/graph-inputs'
import { headOf, matricesOf } from './matrices'
import type { MemoryInitializer } from './memory-initializer'
import { continuedInputs, frequenciesChange, packedInputs, paddedInputs, type Feed } from './padded-inputs'
import { prefixPacks } from './prefix-packs'
import { interventionInputs } from './intervention-inputs'
import { readTensorIndex } from './safetensors-index'
import { blockOutput, checkedSitesOf, defaultSitesOf, resolveAlias, sitesOf } from './sites'
import { writeTransformerGraph } from './graph/transformer-graph'
import { elementCount, SafetensorsWeights, type Arithmetic, type HeadScreen, type JoinedPart, type WeightSource } from './weights'

export type { Architecture, Arithmetic, HeadScreen, JoinedPart, TensorNames, WeightSource, MemoryInitializer }
export { elementCount }
export { joinedProducts, PIECE_BYTES, pieceLookup, pieceSuffix, rowPieces, type RowPiece } from './row-pieces'

/** A transformer and its weights, however they are stored. */
export interface GeneratedSource {
  readonly architecture: Architecture
  readonly names: TensorNames
  readonly weights: WeightSource
  /** Folder that file ranges of the weights are relative to. */
  readonly folder: string
  readonly files: readonly string[]
  readonly precision: string
}

/**
 * Reads a Hugging Face folder: `config.json` and the headers of its safetensors files.
 * @param weights `model.safetensors` or `model.safetensors.index.json`
 * @param pieceBytes most bytes that a product copies of a matrix in one piece
 * @throws LayerscopeError `model-config-missing`, `model-config-invalid`, `model-family-unknown`, `safetensors-invalid`, `shard-missing`
 */
export async function readSafetensorsModel(weights: string, configFile: string | null, pieceBytes?: number): Promise<ReadableModel> {
  if (configFile === null) {
    throw new LayerscopeError({
      code: 'model-config-missing', message: `There is no config.json beside ${basename(weights)}: the weights alone do not say what to compute.`, file: dirname(weights),
      hint: 'Copy config.json from the model\'s page into the folder.'
    })
  }
  const config = await readConfig(configFile)
  const family = familyOf(modelTypeOf(config), configFile)
  const architecture = architectureOf(family, config)
  const index = await readTensorIndex(weights)
  const packing = config.section('quantization_config')?.text('quant_method')
  const packed = [...index.tensors].find(([name, { type }]) => /\.(qweight|weight_packed)$/.test(name) || (name.endsWith('.weight') && !(type in PRECISIONS)))
  if (packing && packed) {
    throw new LayerscopeError({
      code: 'precision-unsupported', message: `The weights are packed by ${packing} (${packed[0]} is stored as ${packed[1].type}), which Layerscope does not run.`, file: weights,
      hint: 'Open the model the file was made from, or a GGUF file of it.'
    })
  }
  const headless = !headIsTied(family, config) && !family.names.heads?.some((head) => index.tensors.has(`${head}.weight`))
  return generatedModel({
    architecture: headless ? { ...architecture, logits: null } : architecture, names: family.names, weights: new SafetensorsWeights(index, pieceBytes), folder: index.folder, files: index.files, precision: precisionOf(index.tensors.values())
  })
}

async function readConfig(file: string): Promise<ModelConfig> {
  let fields: unknown
  try {
    fields = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new LayerscopeError({ code: 'model-config-invalid', message: 'config.json is not readable JSON.', file, hint: 'Copy it again from the model\'s page.' }, { cause })
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw new LayerscopeError({ code: 'model-config-invalid', message: 'config.json is not an object.', file, hint: 'Copy it again from the model\'s page.' })
  return new ModelConfig(fields as Record<string, unknown>, file)
}

const PRECISIONS: Readonly<Record<string, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }

/** The type that most bytes are stored in. */
function precisionOf(tensors: Iterable<{ readonly type: string; readonly range: { readonly length: number } }>): string {
  const bytes = new Map<string, number>()
  for (const { type, range } of tensors) bytes.set(type, (bytes.get(type) ?? 0) + range.length)
  const [most = 'F32'] = [...bytes].sort((a, b) => b[1] - a[1])[0] ?? []
  return PRECISIONS[most] ?? most
}

/** A `ReadableModel` over generated graphs. */
export function generatedModel({ architecture, names, weights, folder, files, precision }: GeneratedSource): ReadableModel {
  const sites = sitesOf(architecture)
  const output = architecture.logits === null ? blockOutput(architecture, architecture.layers - 1) : 'logits'
  const plans = sites.map(({ name, kind, layer, shape, width }): MeasuredSite => {
    const layout = shape.includes('query') ? 'pattern' : shape.length === 4 ? 'heads' : 'token'
    return {
      name, kind, layer, layout, source: resolveAlias(architecture, name), width: width ?? architecture.heads,
      heads: layout === 'pattern' ? architecture.heads : layout === 'heads' ? Number(shape[2]) : null, headDim: layout === 'heads' ? architecture.headDim : null
    }
  })
  return {
    sites: plans,
    defaultSites: defaultSitesOf(architecture),
    declared: {
      sites: plans, hidden: architecture.hidden, heads: architecture.heads, kvHeads: architecture.kvHeads, headDim: architecture.headDim,
      checked: [...new Set(checkedSitesOf(architecture).map((name) => resolveAlias(architecture, name)))]
    },
    structure: architecture.placement === 'post' ? 'post-norm' : architecture.placement === 'parallel' ? 'parallel' : 'sequential',
    layers: architecture.layers,
    family: architecture.family,
    warnings: [],
    mainOutput: null,
    precision, vocab: architecture.vocab, weightFiles: files,
    dynamicQuantisation: false,
    prepackable: true,
    memory: weights.footprint(matricesOf(architecture, names, (tensor) => weights.has(tensor))),
    feeds: (needed, batch) => chosen(paddedInputs(architecture, batch), needed),
    pack: (batch) => prefixPacks(batch, architecture.causal).map((pack) => ({
      ...pack, feeds: (needed) => chosen(packedInputs(architecture, batch, pack), needed)
    })),
    sharesPrefixes: architecture.causal,
    cachedGraph: architecture.logits === null || !architecture.causal ? null : (arithmetic, choice) => {
      const screen = choice === 'greedy' && arithmetic === 'exact' ? weights.screen?.(headOf(names, (name) => weights.has(name))) ?? null : null
      return {
        bytes: writeTransformerGraph(architecture, names, weights, { sites: [], cache: true, arithmetic, ...(screen ? { screen } : {}) }),
        folder, memory: weights.memory ?? [], logitOf: screen?.logitOf ?? null,
        cache: Array.from({ length: architecture.layers }, (_, i) => i).flatMap((i) => [
          { past: INPUTS.pastKey(i), present: CACHED.key(i), dims: [1, architecture.kvHeads, 0, architecture.headDim] },
          { past: INPUTS.pastValue(i), present: CACHED.value(i), dims: [1, architecture.kvHeads, 0, architecture.headDim] }
        ]),
        outdated: (past, total) => frequenciesChange(architecture, past, total),
        feeds: (ids, past) => tensors(continuedInputs(architecture, ids, past))
      }
    },
    interventionFeeds: (interventions, batch) => tensors(interventionInputs(architecture, interventions, batch)),
    gradientGraph: {
      of: output,
      graphFor: (wrt): SessionGraph => ({
        bytes: gradientOf(writeTransformerGraph(architecture, names, weights, { sites: [...new Set([output, wrt])], arithmetic: 'widened' }), output, wrt),
        folder, memory: weights.memory ?? [], outputs: new Map([[GRADIENT, GRADIENT]])
      })
    },
    graphFor: (sources, _original, changed = []): SessionGraph => {
      const bytes = writeTransformerGraph(architecture, names, weights, { sites: sources, interventions: changed, placed: changed.length === 0 })
      return { bytes, folder, memory: weights.memory ?? [], outputs: new Map(sources.map((source) => [source, source])) }
    }
  }
}

function chosen(inputs: ReadonlyMap<string, Feed>, needed: readonly string[]): Record<string, OrtTensor> {
  return tensors(new Map(needed.map((name) => {
    const feed = inputs.get(name)
    if (!feed) throw new Error(`No feed for ${name}.`)
    return [name, feed]
  })))
}

function tensors(feeds: ReadonlyMap<string, Feed>): Record<string, OrtTensor> {
  return Object.fromEntries([...feeds].map(([name, feed]) =>
    [name, feed.type === 'int64' ? new OrtTensor('int64', feed.data, feed.dims) : new OrtTensor('float32', feed.data, feed.dims)]))
}
