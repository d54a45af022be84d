import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ModelConfig } from '../../../main/engine/models/generated/config'
import { ggufModel } from '../../../main/engine/models/gguf/gguf-families'
import { readRotary, rotaryFrequencies } from '../../../main/engine/models/generated/rotary'

// Made by tests/fixtures/rotary-frequencies.py.
const entries = JSON.parse(readFileSync(fileURLToPath(new URL('../../fixtures/rotary-frequencies.json', import.meta.url)), 'utf8')) as readonly {
  readonly config: { readonly max_position_embeddings: number; readonly rope_parameters: Readonly<Record<string, unknown>> }
  readonly length: number
  readonly factor: number
  readonly frequencies: readonly number[]
}[]

/** Half the distance of neighbouring float32 numbers, relative. */
const HALF_BIT = 2 ** -24

describe('rotation frequencies', () => {
  it('of YaRN in a GGUF file follow its own bounds and factor', async () => {
    const entries: Record<string, string | number> = {
      'embedding_length': 128, 'block_count': 1, 'feed_forward_length': 64, 'context_length': 16384, 'attention.head_count': 4, 'attention.layer_norm_rms_epsilon': 1e-5, 'rope.freq_base': 10_000,
      'rope.scaling.type': 'yarn', 'rope.scaling.factor': 16, 'rope.scaling.original_context_length': 1024, 'rope.scaling.yarn_beta_fast': 16, 'rope.scaling.yarn_beta_slow': 3, 'rope.scaling.yarn_attn_factor': 0.5
    }
    const metadata = new Map<string, string | number>([['general.architecture', 'llama'], ...Object.entries(entries).map(([key, value]) => [`llama.${key}`, value] as const)])
    const { architecture: { positions } } = await ggufModel({ path: 'm.gguf', files: [], folder: '', bytes: 0, metadata, tensors: new Map() })
    const settings = { rope_type: 'yarn', rope_theta: 10_000, factor: 16, original_max_position_embeddings: 1024, beta_fast: 16, beta_slow: 3 }
    const expected = rotaryFrequencies(readRotary(new ModelConfig({ rope_parameters: settings }, 'config.json'), 32, 16384), 12)
    const found = positions.kind === 'rotary' && positions.blocks[0] ? rotaryFrequencies(positions.blocks[0], 12) : null
    expect(found?.frequencies).toEqual(expected.frequencies)
    expect(found?.factor).toBeCloseTo(0.5 * expected.factor, 12)
  })

  it.each(entries.map((entry, at) => ({ ...entry, title: `${String(entry.config.rope_parameters['rope_type'])}, case ${String(at)}` })))('are transformers\' to the last bit or two: $title', ({ config, length, factor, frequencies }) => {
    const rotary = readRotary(new ModelConfig(config, 'config.json'), 32, config.max_position_embeddings)
    const found = rotaryFrequencies(rotary, length)
    expect(found.factor).toBeCloseTo(factor, 12)
    const gaps = frequencies.map((frequency, at) => Math.abs((found.frequencies[at] ?? NaN) - frequency) / frequency / HALF_BIT)
    expect(found.frequencies).toHaveLength(frequencies.length)
    // Frequencies that are only close turn far tokens wrongly: a bit is 2e-4 radians at position 2,000.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3)
    expect(gaps.filter(gap => gap > 0).length).toBeLessThanOrEqual(4)
  })
})
