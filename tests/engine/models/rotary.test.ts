import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ModelConfig } from '../../../main/engine/models/generated/config'
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
