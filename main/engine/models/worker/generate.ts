import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { mulberry32 } from '../../mulberry32'
import type { SamplingOptions } from '../open-model'
import type { CachedGraph } from '../readable-model'
import { BOUNDS, screenedChoice } from '../screened-head'
import { matrixThreads } from './threads'

/** What is known of the token after a prefix: logits [vocab], or the most probable token alone. */
export type NextToken =
  | { readonly kind: 'logits'; readonly logits: Float32Array }
  | { readonly kind: 'greedy'; readonly id: number }

/** Prefixes grow by what was appended since the last call. */
export interface Continuation {
  append(ids: readonly number[]): Promise<NextToken>
  close(): Promise<void>
}

/** Generates token by token; yields each id. Stops at a stop id, at `maxTokens`, at `limit` positions, or when the consumer stops. */
export async function *generate(continuation: Continuation, prompt: readonly number[], options: SamplingOptions, limit: number | null): AsyncGenerator<number> {
  const random = mulberry32(options.seed)
  let next = await continuation.append(prompt)
  for (let made = 0; made < options.maxTokens; made++) {
    const id = next.kind === 'greedy' ? next.id : sample(next.logits, options, random)
    if (options.stopIds.includes(id)) return
    yield id
    if (limit !== null && prompt.length + made + 1 >= limit) return
    if (made + 1 < options.maxTokens) next = await continuation.append([id])
  }
}

/**
 * One id from logits. Temperature 0 is greedy, the lowest id on a tie; else softmax at the temperature over the smallest set of
 * most probable tokens that reaches `topP` (nucleus sampling, Holtzman et al. 2020).
 */
export function sample(logits: Float32Array, { temperature, topP }: Pick<SamplingOptions, 'temperature' | 'topP'>, random: () => number): number {
  let best = 0
  for (let id = 1; id < logits.length; id++) if ((logits[id] ?? -Infinity) > (logits[best] ?? -Infinity)) best = id
  if (temperature === 0) return best
  const highest = logits[best] ?? 0
  const weights = Float64Array.from(logits, logit => Math.exp((logit - highest) / temperature))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const order = Int32Array.from(weights.keys()).sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b)
  let kept = 0
  let count = 0
  while (count < order.length && (count === 0 || kept < topP * total)) kept += weights[order[count++] ?? 0] ?? 0
  let point = random() * kept
  for (let at = 0; at < count; at++) {
    point -= weights[order[at] ?? 0] ?? 0
    if (point < 0) return order[at] ?? best
  }
  return order[count - 1] ?? best
}

/** Generation through a graph with a key–value cache: each token costs one row, whatever the prefix. */
export async function cachedGeneration(graph: CachedGraph): Promise<Continuation> {
  const session = await InferenceSession.create(graph.bytes, {
    executionProviders: ['cpu'], graphOptimizationLevel: 'all', intraOpNumThreads: matrixThreads(), interOpNumThreads: 1, enableMemPattern: false, logSeverityLevel: 4,
    ...(graph.memory.length === 0 ? {} : { externalData: graph.memory }),
    extra: { session: { model_external_initializers_file_folder_path: graph.folder } }
  })
  let cache: Record<string, OrtTensor> = {}
  const kept: number[] = []
  let past = 0
  return {
    async append(added) {
      let ids = added
      kept.push(...added)
      if (past > 0 && graph.outdated(past, kept.length)) {
        cache = {}
        past = 0
        ids = kept
      }
      const feeds = { ...graph.feeds(ids, past), ...cache }
      for (const { past: name, dims } of graph.cache) feeds[name] ??= new OrtTensor('float32', new Float32Array(0), dims)
      const outputs = await session.run(feeds)
      const grown: Record<string, OrtTensor> = {}
      for (const { past: name, present } of graph.cache) {
        const tensor = outputs[present]
        if (tensor) grown[name] = tensor
      }
      cache = grown
      past += ids.length
      const values = (name: string): Float32Array => {
        const data = outputs[name]?.data
        if (!(data instanceof Float32Array)) throw new Error(`The graph gave no ${name}.`)
        return data
      }
      if (graph.logitOf === null) return { kind: 'logits', logits: values('logits') }
      const [least = -Infinity] = values(BOUNDS.least)
      return { kind: 'greedy', id: screenedChoice({ upper: values(BOUNDS.upper), least, hidden: values(BOUNDS.hidden) }, graph.logitOf) }
    },
    close: () => session.release()
  }
}
