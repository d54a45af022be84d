import { describe, expect, it } from 'vitest'
import { float16ToFloat32, float32ToFloat16, toFloat16 } from '../../../main/engine/activations/float16'

describe('float16', () => {
  it('rounds to the nearest half, ties to even', () => {
    // Bit patterns from IEEE 754: 1, −2, greatest half, smallest subnormal, smallest normal.
    expect(toFloat16(1)).toBe(0x3c00)
    expect(toFloat16(-2)).toBe(0xc000)
    expect(toFloat16(65504)).toBe(0x7bff)
    expect(toFloat16(2 ** -24)).toBe(0x0001)
    expect(toFloat16(2 ** -14)).toBe(0x0400)
    // Halfway between 1 and the next half is even at 1; three halves of a step is even at two steps.
    expect(toFloat16(1 + 2 ** -11)).toBe(0x3c00)
    expect(toFloat16(1 + 3 * 2 ** -11)).toBe(0x3c02)
    expect(toFloat16(1 + 2 ** -11 + 2 ** -20)).toBe(0x3c01)
    // Half of the smallest subnormal ties to zero; anything above it does not.
    expect(toFloat16(2 ** -25)).toBe(0x0000)
    expect(toFloat16(2 ** -25 * 1.001)).toBe(0x0001)
    expect(toFloat16(65519)).toBe(0x7bff)
    expect(toFloat16(65520)).toBe(0x7c00)
    expect(toFloat16(-Infinity)).toBe(0xfc00)
    expect(toFloat16(NaN) & 0x7e00).toBe(0x7e00)
  })

  it('gives back every one of the 63,488 finite halves', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits).filter(bits => (bits & 0x7c00) !== 0x7c00)
    const widened = new Float32Array(halves.length)
    float16ToFloat32(halves, widened)
    expect(halves.length).toBe(63_488)
    expect(float32ToFloat16(widened)).toEqual(halves)
  })
})
