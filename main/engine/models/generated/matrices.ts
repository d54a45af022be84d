import type { Architecture, TensorNames } from './architecture'

/** Tensor names of every matrix that a model multiplies by, one that holds several parts once; of a head only its own, not a tied embedding. */
export function matricesOf({ layers }: Pick<Architecture, 'layers'>, { block, prefixes, embedding, heads }: TensorNames, has: (tensor: string) => boolean): readonly string[] {
  const prefix = prefixes.find((candidate) => has(`${candidate}${embedding}.weight`)) ?? ''
  const matrices = [...(block.packed ? [block.packed.name] : [block.query, block.key, block.value]), block.attentionOut, block.gate, block.up, block.down]
  const names = new Set<string>()
  for (let i = 0; i < layers; i++) for (const matrix of matrices) if (matrix !== undefined) names.add(`${prefix}${matrix.replace('{i}', String(i))}.weight`)
  for (const head of heads ?? []) names.add(`${head}.weight`)
  return [...names].filter(has)
}
