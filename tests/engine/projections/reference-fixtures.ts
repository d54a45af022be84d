import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Matrix } from '../../../main/engine/activations/matrix'

const folder = fileURLToPath(new URL('../../../../shared/reference/fixtures/', import.meta.url))

/** Whether `../shared/reference/fixtures` (outputs of scikit-learn and umap-learn) lies beside the checkout. */
export const hasFixtures = existsSync(`${folder}expected.json`)
if (!hasFixtures) console.log('Skipping comparisons with scikit-learn and umap-learn: ../shared/reference/fixtures is absent.')

/** One tensor of `inputs.safetensors` or `expected.safetensors` as numbers. */
export function fixture(file: 'inputs' | 'expected', name: string): { readonly shape: readonly number[]; readonly values: Float64Array } {
  const bytes = readFileSync(`${folder}${file}.safetensors`)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>
  const entry = header[name]
  if (entry === undefined) throw new Error(`No ${name} in ${file}.safetensors`)
  const [from, to] = entry.data_offsets
  const data = bytes.buffer.slice(bytes.byteOffset + 8 + length + from, bytes.byteOffset + 8 + length + to)
  const values = entry.dtype === 'F64' ? new Float64Array(data) : entry.dtype === 'F32' ? Float64Array.from(new Float32Array(data)) : Float64Array.from(new Int32Array(data))
  return { shape: entry.shape, values }
}

export function fixtureMatrix(name: string): Matrix {
  const { shape, values } = fixture('inputs', name)
  return { data: Float32Array.from(values), rows: shape[0] ?? 0, columns: shape[1] ?? 0 }
}

export interface ExpectedNumbers {
  readonly pca: { readonly explained_variance: number[]; readonly explained_variance_ratio: number[]; readonly trustworthiness_k15: number }
  readonly umap_graph: { readonly a_b: Record<string, [number, number]> }
}

export function expectedNumbers(): ExpectedNumbers {
  return JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as ExpectedNumbers
}
