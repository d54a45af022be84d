import { expect, it } from 'vitest'
import { formatProbability, hexBytes, textOfBytes } from '../../../renderer/prompt/token-text'

it('writes bytes in hexadecimal', () => {
  expect(hexBytes([0x20, 0x0a, 0xf0])).toBe('20 0A F0')
  expect(hexBytes(Array.from({ length: 30 }, () => 1))).toBe(`${'01 '.repeat(24)}…`)
})

it('tells whole characters from parts of them', () => {
  expect(textOfBytes([0xf0, 0x9f, 0xa6, 0x9c])).toBe('🦜')
  expect(textOfBytes([0xf0, 0x9f])).toBeNull()
  // A byte order mark is a character like others.
  expect(textOfBytes([0xef, 0xbb, 0xbf])).toBe('\ufeff')
})

it('never calls a probability certain or impossible', () => {
  expect([0, 0.00099, 0.001, 0.5, 0.99951].map(formatProbability)).toEqual(['< 0.1 %', '< 0.1 %', '0.1 %', '50.0 %', '> 99.9 %'])
})
