import type { Architecture, TensorNames } from './architecture'

/** Tensor names of every matrix that a model multiplies by, one that holds several parts once; of a head only its own, not a tied embedding. */
export function matricesOf({ layers }: Pick<Architecture, 'layers'>, { block, prefixes, embedding, heads }: TensorNames, has: (tensor: string) => boolean): readonly string[] {
  const prefix = prefixOf({ prefixes, embedding }, has) ?? ''
  const matrices = [...(block.packed ? [block.packed.name] : [block.query, block.key, block.value]), block.attentionOut, block.gate, block.up, block.down]
  const names = new Set<string>()
  for (let i = 0; i < layers; i++) for (const matrix of matrices) if (matrix !== undefined) names.add(`${prefix}${matrix.replace('{i}', String(i))}.weight`)
  for (const head of heads ?? []) names.add(`${head}.weight`)
  return [...names].filter(has)
}

/** What the names of this file's tensors begin with; undefined where none leads to an embedding. */
export function prefixOf({ prefixes, embedding }: Pick<TensorNames, 'prefixes' | 'embedding'>, has: (tensor: string) => boolean): string | undefined {
  return prefixes.find((candidate) => has(`${candidate}${embedding}.weight`))
}

/** Tensor that logits are a product with, without its ending: the head of its own, else the embedding. */
export function headOf(names: TensorNames, has: (tensor: string) => boolean): string {
  return names.heads?.find((name) => has(`${name}.weight`)) ?? `${prefixOf(names, has) ?? ''}${names.embedding}`
}
