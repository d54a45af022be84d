import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import onnxProto from 'onnx-proto'
import * as ort from 'onnxruntime-node'
import { writeSafetensors } from './safetensors-file'

const { onnx } = onnxProto

const width = 384
const layerNorms = [0, 2, 4, 6, 8, 10, 12]

/**
 * Last-token vectors of MiniLM's seven residual sites for `texts`, written to `folder` as
 * `site0.safetensors` … `site6.safetensors`, each holding `activations` [texts, 384].
 * Goes to ONNX Runtime directly, so that the sweep's benchmark depends on no other part of the engine.
 * Files that exist are kept.
 */
export async function writeMinilmActivations(modelFolder: string, texts: readonly string[], folder: string): Promise<readonly string[]> {
  const files = layerNorms.map((_, site) => join(folder, `site${site}.safetensors`))
  if (files.every(existsSync)) return files
  mkdirSync(folder, { recursive: true })
  const model = onnx.ModelProto.decode(readFileSync(join(modelFolder, 'onnx/model.onnx')))
  const graph = model.graph
  if (!graph?.node || !graph.output) throw new Error('MiniLM has no graph')
  const norms = graph.node.filter(node => node.opType === 'LayerNormalization').map(node => node.output?.[0] ?? '')
  const outputs = layerNorms.map(index => norms[index] ?? '')
  for (const name of outputs) {
    if (graph.output.some(output => output.name === name)) continue
    graph.output.push(onnx.ValueInfoProto.create({ name, type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } } }))
  }
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(model).finish())
  const json = JSON.parse(readFileSync(join(modelFolder, 'tokenizer.json'), 'utf8')) as Record<string, unknown>
  const config = JSON.parse(readFileSync(join(modelFolder, 'tokenizer_config.json'), 'utf8')) as Record<string, unknown>
  const tokenizer = new Tokenizer({ ...json, padding: null, truncation: null }, config)
  const encoded = texts.map(text => tokenizer.encode(text).ids)
  const byLength = new Map<number, number[]>()
  encoded.forEach((ids, row) => byLength.set(ids.length, [...byLength.get(ids.length) ?? [], row]))
  const sites = layerNorms.map(() => new Float32Array(texts.length * width))
  for (const [length, rows] of byLength) {
    for (let start = 0; start < rows.length; start += 64) {
      const batch = rows.slice(start, start + 64)
      const tensor = (value: (row: number, position: number) => number): ort.Tensor => new ort.Tensor('int64',
        BigInt64Array.from({ length: batch.length * length }, (_, i) => BigInt(value(batch[Math.floor(i / length)] ?? 0, i % length))), [batch.length, length])
      const result = await session.run({
        input_ids: tensor((row, position) => encoded[row]?.[position] ?? 0),
        attention_mask: tensor(() => 1),
        token_type_ids: tensor(() => 0)
      })
      outputs.forEach((name, site) => {
        const values = result[name]?.data as Float32Array
        batch.forEach((row, i) => sites[site]?.set(values.subarray((i * length + length - 1) * width, (i + 1) * length * width), row * width))
      })
    }
  }
  await session.release()
  files.forEach((file, site) => {
    const values = sites[site]
    if (values) writeFileSync(file, writeSafetensors({ activations: { data: values, shape: [texts.length, width] } }))
  })
  return files
}
