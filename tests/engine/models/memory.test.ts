/** What the card says of a model's memory is what its graphs then take. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import onnxProto from 'onnx-proto'
import { describe, expect, it } from 'vitest'
import { isPrepackable, memoryOf } from '../../../main/engine/models/onnx/weights'
import { readModel } from '../../../main/engine/models/read-model'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

const { onnx } = onnxProto
const models = join(sharedFolder, 'models')
const gguf = sharedExists ? readdirSync(join(models, 'gguf')).filter(file => file.endsWith('.gguf')) : []
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

describe.skipIf(!sharedExists)('memory of a model', () => {
  it('safetensors: all of the file but its header is mapped, and the matrices of the blocks are what is copied', async () => {
    const graph = join(models, 'zoo/llama/model.safetensors')
    const { memory } = await readModel({ format: 'safetensors', graph, config: join(models, 'zoo/llama/config.json') })
    const header = 8 + Number(readFileSync(graph).readBigUInt64LE())
    // Three blocks 48 wide with 6 heads and 2 key heads of width 8, and an MLP of 96: q and o, k and v, gate, up and down.
    const { hidden_size: d = 0, num_key_value_heads: k = 0, head_dim: w = 0, intermediate_size: m = 0 } = JSON.parse(readFileSync(join(models, 'zoo/llama/config.json'), 'utf8')) as Record<string, number>
    expect(memory).toEqual({ mappedBytes: statSync(graph).size - header, decodedBytes: 0, prepackedBytes: 3 * 4 * d * (2 * d + 2 * k * w + 3 * m) })
  })

  it.each(gguf)('%s: what is decoded is what its graph holds, plain files are mapped', async file => {
    const model = await readModel({ format: 'gguf', graph: join(models, 'gguf', file), config: null })
    const { memory } = model.graphFor(model.sites.map(({ source }) => source), false)
    const held = memory.reduce((total, { data }) => total + data.byteLength, 0)
    expect(model.memory.decodedBytes).toBe(held)
    expect(model.memory.mappedBytes === 0).toBe(held > 0)
    expect(model.memory.prepackedBytes).toBeGreaterThan(0)
  })
})

describe('memory of an export', () => {
  it.each([['minilm/onnx/model.onnx', 22_800_000], ['atlas-lm/onnx/model.onnx', 12_000_000]])('%s: what is mapped is what its graph leaves in the file; the rest ONNX Runtime decides', async (file, least) => {
    const graph = fileURLToPath(new URL(`../../../resources/models/${file}`, import.meta.url))
    const model = await readModel({ format: 'onnx', graph, config: null })
    const { bytes } = model.graphFor([...new Set(model.sites.map(({ source }) => source))], true)
    const places = new Map(onnx.ModelProto.decode(bytes).graph?.initializer?.flatMap(({ externalData }) => {
      const entry = (key: string): number => Number(externalData?.find(data => data.key === key)?.value)
      return externalData === undefined || externalData === null || externalData.length === 0 ? [] : [[entry('offset'), entry('length')] as const]
    }))
    expect(model.memory).toEqual({ mappedBytes: [...places.values()].reduce((total, length) => total + length, 0), decodedBytes: 0, prepackedBytes: null })
    expect(model.memory.mappedBytes).toBeGreaterThan(least)
    expect(model.memory.mappedBytes).toBeLessThan(statSync(graph).size)
    expect(model.prepackable).toBe(true)
  })

  const stored = (dims: readonly number[], location: string, offset: number, length = 0) => ({ name: 'w', dims, dataType: 1, tensor: null, stored: { location, offset, length } })

  it('counts tied weights once, and takes the shape where the file gives no length', () => {
    const table = stored([1000, 64], 'model.onnx_data', 4096, 256_000)
    expect(memoryOf([table, { ...table, name: 'tied' }, stored([10, 4], 'model.onnx_data', 0)]).mappedBytes).toBe(256_000 + 160)
  })

  it('lets no matrix be copied where one copy would be over 2 GiB', () => {
    expect(isPrepackable([stored([65_536, 4096], 'model.onnx_data', 0)])).toBe(true)
    expect(isPrepackable([stored([64, 64], 'model.onnx_data', 0), stored([262_144, 3840], 'model.onnx_data', 16_384)])).toBe(false)
  })
})
