/** Models exported to ONNX by others: read by structure, never by the names in the file. */
import { LayerscopeError } from '../../errors'
import type { ReadableModel } from '../readable-model'
import { feedsFor, type GraphInput } from './feeds'
import { decompose } from './decompose'
import { GraphView } from './graph-view'
import { isPastInput, liftNoPastBranch } from './lift-branch'
import { readOnnxFile } from './model-file'
import { toNumber } from './proto'
import { readGraph } from './structure/read-graph'
import { isPrepackable, memoryOf, precisionOf, vocabularyOf } from './weights'
import { workingGraph } from './working-graph'
import { WeightFiles, writeGraph } from './write-graph'

/**
 * Reads an .onnx file of a transformer.
 * @throws LayerscopeError `model-unreadable`, `model-truncated`, `model-data-missing`, `model-data-outside`, `model-inputs`
 */
export function readOnnxModel(path: string): ReadableModel {
  const file = readOnnxFile(path)
  const plain = workingGraph(file)
  const weights = new WeightFiles(path, file.initializers)
  const graph = decompose(liftNoPastBranch(plain))
  const view = new GraphView(graph)
  const inputs: readonly GraphInput[] = graph.inputs.map(input => ({
    name: input.name,
    dataType: input.type?.tensorType?.elemType ?? 0,
    dims: (input.type?.tensorType?.shape?.dim ?? []).map(dim => dim.dimValue === undefined || dim.dimValue === null || dim.dimParam ? null : toNumber(dim.dimValue))
  }))
  const tokenInput = tokenInputOf(inputs)
  if (tokenInput === null) {
    throw new LayerscopeError({
      code: 'model-inputs', file: path,
      message: `This graph takes ${inputs.map(input => input.name).join(', ') || 'nothing'}: no token ids among them.`,
      hint: 'Choose the graph of a text transformer that takes input_ids.'
    })
  }
  const reading = readGraph(view, tokenInput)
  return {
    sites: reading.sites, declared: null, defaultSites: reading.defaultSites, structure: reading.structure, layers: reading.layers, warnings: reading.warnings,
    family: null, mainOutput: reading.mainOutput,
    precision: precisionOf(graph), vocab: vocabularyOf(view, tokenInput), weightFiles: weights.paths, memory: memoryOf(file.initializers), prepackable: isPrepackable(file.initializers),
    dynamicQuantisation: graph.nodes.some(node => node.opType.startsWith('DynamicQuantize')),
    feeds: (needed, batch, hints) => feedsFor(inputs, new Set(needed), batch, hints),
    pack: null, interventionFeeds: null, gradientGraph: null, sharesPrefixes: false,
    cachedGraph: null,
    graphFor: (sources, original) => ({ ...writeGraph(view, reading, weights, sources, original ? [reading.mainOutput] : []), memory: [] })
  }
}

/** The input that holds token ids: by its usual name, else the first integer matrix that is no mask, position or cache. */
function tokenInputOf(inputs: readonly GraphInput[]): string | null {
  const named = ['input_ids', 'tokens', 'input_tokens', 'token_ids'].find(name => inputs.some(input => input.name === name))
  if (named !== undefined) return named
  const integers = inputs.filter(input => (input.dataType === 6 || input.dataType === 7) && input.dims.length === 2 && !isPastInput(input.name))
  return integers.find(input => !/mask|position|type|segment/.test(input.name))?.name ?? null
}
