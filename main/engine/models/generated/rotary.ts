import type { Rotary, RotaryScaling } from './architecture'
import type { ModelConfig } from './config'

/**
 * Rotation frequencies of rotary position embeddings, as transformers' `modeling_rope_utils.py` computes them.
 * @returns `frequencies` [width / 2] in radians a position, and the factor on cos and sin.
 */
export function rotaryFrequencies(rotary: Rotary, length: number): { readonly frequencies: Float32Array; readonly factor: number } {
  const { width, scaling } = rotary
  const half = width / 2
  // Rounded to float32 at every step, in PyTorch's order: at position 1,000 an angle is a thousand times as wrong as its frequency.
  const { fround } = Math
  const powers = (base: number): Float64Array => Float64Array.from({ length: half }, (_, i) => fround(base ** fround(2 * i / width)))
  const plain = (base: number): Float64Array => powers(base).map((power) => fround(1 / power))
  const result = (frequencies: Float64Array, factor = 1) => ({ frequencies: Float32Array.from(frequencies), factor })
  switch (scaling.kind) {
    case 'default':
      return result(plain(rotary.base))
    case 'linear':
      return result(plain(rotary.base).map((frequency) => frequency / scaling.factor))
    case 'divisors':
      return result(plain(rotary.base).map((frequency, i) => frequency / (scaling.divisors[i] ?? 1)))
    case 'dynamic': {
      const stretched = Math.max(length, scaling.originalLength)
      const base = rotary.base * ((scaling.factor * stretched) / scaling.originalLength - (scaling.factor - 1)) ** (width / (width - 2))
      return result(plain(fround(base)))
    }
    case 'llama3':
      return result(plain(rotary.base).map((frequency) => {
        const wavelength = fround((2 * Math.PI) / frequency)
        if (wavelength < scaling.originalLength / scaling.highFrequencyFactor) return frequency
        if (wavelength > scaling.originalLength / scaling.lowFrequencyFactor) return frequency / scaling.factor
        const smooth = fround(fround(fround(scaling.originalLength / wavelength) - scaling.lowFrequencyFactor) / (scaling.highFrequencyFactor - scaling.lowFrequencyFactor))
        return fround(fround(fround(1 - smooth) * frequency) / scaling.factor) + fround(smooth * frequency)
      }))
    case 'yarn': {
      const correction = (rotations: number): number =>
        (width * Math.log(scaling.originalLength / (rotations * 2 * Math.PI))) / (2 * Math.log(rotary.base))
      const round = (value: number, up: boolean): number => (scaling.truncate ? (up ? Math.ceil(value) : Math.floor(value)) : value)
      const low = Math.max(round(correction(scaling.betaFast), false), 0)
      const high = Math.min(round(correction(scaling.betaSlow), true), width - 1)
      const span = low === high ? 0.001 : high - low
      return result(
        powers(rotary.base).map((power, i) => {
          const extrapolated = fround(1 - Math.min(1, Math.max(0, fround(fround(i - low) / fround(span)))))
          return fround(fround(1 / fround(scaling.factor * power)) * fround(1 - extrapolated)) + fround(fround(1 / power) * extrapolated)
        }),
        scaling.attentionFactor
      )
    }
    case 'longrope': {
      const factors = length > scaling.originalLength ? scaling.longFactor : scaling.shortFactor
      return result(powers(rotary.base).map((power, i) => 1 / fround(fround(factors[i] ?? 1) * power)), scaling.attentionFactor)
    }
  }
}

/** Whether frequencies change with the sequence's length (they are then recomputed a batch). */
export function dependsOnLength(rotary: Rotary): boolean {
  return rotary.scaling.kind === 'dynamic' || rotary.scaling.kind === 'longrope'
}

/**
 * Rotary settings in both spellings: transformers 5 (`rope_parameters`, possibly one section for each layer type) and
 * transformers 4 (`rope_theta`, `rope_scaling`, `partial_rotary_factor`, `rotary_pct`, `rotary_emb_base`).
 */
export function readRotary(config: ModelConfig, headDim: number, maxPositions: number, layerType?: string): Rotary {
  const parameters = config.section('rope_parameters')
  const section = (layerType !== undefined ? parameters?.section(layerType) : null) ?? parameters
  const scalingSection = section ?? config.section('rope_scaling')
  const base = section?.optionalNumber('rope_theta') ?? config.optionalNumber('rope_theta', 'rotary_emb_base') ?? 10_000
  const share = section?.optionalNumber('partial_rotary_factor') ?? config.optionalNumber('partial_rotary_factor', 'rotary_pct') ?? 1
  const width = Math.floor(headDim * share)
  if (width < 1 || width > headDim) throw config.invalid('partial_rotary_factor', `is ${share}, not a share of the ${headDim} values of a head`)
  return { base, width, scaling: readScaling(config, scalingSection, maxPositions) }
}

function readScaling(config: ModelConfig, section: ModelConfig | null, maxPositions: number): RotaryScaling {
  const kind = section?.text('rope_type', 'type') ?? 'default'
  if (!section || kind === 'default' || kind === 'mrope') return { kind: 'default' }
  const originalLength = section.optionalNumber('original_max_position_embeddings') ?? config.optionalNumber('original_max_position_embeddings') ?? maxPositions
  switch (kind) {
    case 'linear':
      return { kind: 'linear', factor: section.number('factor') }
    case 'dynamic':
      return { kind: 'dynamic', factor: section.number('factor'), originalLength: maxPositions }
    case 'llama3':
      return {
        kind: 'llama3', factor: section.number('factor'), originalLength,
        lowFrequencyFactor: section.number('low_freq_factor'), highFrequencyFactor: section.number('high_freq_factor')
      }
    case 'yarn': {
      const factor = section.optionalNumber('factor') ?? maxPositions / originalLength
      const magnitude = (scale: number): number => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1)
      const mscale = section.optionalNumber('mscale')
      const mscaleAll = section.optionalNumber('mscale_all_dim')
      const attentionFactor = section.optionalNumber('attention_factor') ?? (mscale && mscaleAll ? magnitude(mscale) / magnitude(mscaleAll) : magnitude(1))
      return {
        kind: 'yarn', factor, originalLength, attentionFactor, truncate: section.flag('truncate', true),
        betaFast: section.optionalNumber('beta_fast') ?? 32, betaSlow: section.optionalNumber('beta_slow') ?? 1
      }
    }
    case 'longrope':
    case 'su': {
      const shortFactor = section.numbers('short_factor')
      const longFactor = section.numbers('long_factor')
      if (!shortFactor || !longFactor) throw section.invalid('rope_scaling', 'names longrope without short_factor and long_factor')
      const factor = section.optionalNumber('factor') ?? maxPositions / originalLength
      const attentionFactor = section.optionalNumber('attention_factor') ?? (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalLength)))
      return { kind: 'longrope', shortFactor, longFactor, originalLength, attentionFactor }
    }
    default:
      throw config.invalid('rope_scaling', `asks for ${kind} rotary scaling, which Layerscope does not know; it knows linear, dynamic, llama3, yarn and longrope`)
  }
}
