import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appArguments } from '../../scripts/open-window.mjs'
import { parseArguments } from '../../scripts/workbench-options.mjs'
import type { Options } from '../../scripts/workbench-options.mjs'

function parsed(...args: readonly string[]): Options {
  const options = parseArguments(args, '/home/someone')
  if (options === 'help') throw new Error('Unexpected help.')
  return options
}

describe('parseArguments', () => {
  it('opens the sample of the known world unless told otherwise', () => {
    expect(parsed()).toEqual({ sample: 'atlas-truth', open: null, out: null, screenshot: null, headless: false, sandbox: true })
    expect(parsed('--sample').sample).toBe('atlas-truth')
    expect(parsed('--sample=minilm-continents').sample).toBe('minilm-continents')
    expect(parsed('--no-sample').sample).toBeNull()
  })
  it('takes paths as the person meant them', () => {
    expect(parsed('--open', 'my model/').open).toBe(resolve('/home/someone/my model'))
    expect(parsed('--open', 'x').sample).toBeNull()
    expect(parsed('--screenshot=/tmp/a.png').screenshot).toBe('/tmp/a.png')
  })
  it('refuses what it does not know, a missing value, and a sample that is a path', () => {
    expect(() => parsed('--frobnicate')).toThrow('There is no option --frobnicate.')
    expect(() => parsed('--open')).toThrow('--open needs a value.')
    expect(() => parsed('--sample=../../etc')).toThrow('not the id of a sample')
  })
  it('passes on to the app what concerns it', () => {
    expect(appArguments(parsed())).toEqual(['--sample=atlas-truth'])
    expect(appArguments(parsed('--open', '/a b/c.onnx'))).toEqual(['--open', '/a b/c.onnx'])
  })
})
