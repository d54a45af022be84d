/** What the card says of a model's memory is what its graphs then take. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../main/engine/models/read-model'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

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
    expect(model.memory?.decodedBytes).toBe(held)
    expect(model.memory?.mappedBytes === 0).toBe(held > 0)
    expect(model.memory?.prepackedBytes).toBeGreaterThan(0)
  })
})
