import { describe, expect, it } from 'vitest'
import { quoted, quotedValue } from '../../main/engine/quoted'

describe('quoted text in messages', () => {
  it('stands in curly quotation marks, whatever quotation marks it has itself', () => {
    expect(quoted('price')).toBe('“price”')
    expect(quoted('a "b"')).toBe('“a "b"”')
    expect(quoted('')).toBe('“”')
  })

  it('stays on one line and hides nothing', () => {
    expect(quoted('two\nlines\tand \u001b[2J\u202e.')).toBe('“two\\nlines\\tand \\u001b[2J\\u202e.”')
  })

  it('is cut at the length asked for', () => {
    expect(quoted('x'.repeat(40), 40)).toBe(`“${'x'.repeat(40)}”`)
    expect(quoted('x'.repeat(41), 40)).toBe(`“${'x'.repeat(39)}…”`)
  })

  it('leaves what is no text as JSON writes it', () => {
    expect([quotedValue('12'), quotedValue(12), quotedValue([1, 'a']), quotedValue(null), quotedValue(undefined)]).toEqual(['“12”', '12', '[1,"a"]', 'null', 'undefined'])
  })
})
