import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { pathKind } from '../../main/path-kind'
import { readRecipe } from '../../main/recipe-file'
import { readSamples } from '../../main/samples'

let folder: string
const at = (...names: string[]): string => join(folder, ...names)
const recipe = { format: 'layerscope-recipe', version: 1, model: { path: '../model' }, dataset: { path: 'data.csv', roles: { text: { kind: 'column', column: 'statement' }, label: 'label', group: null } } }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerscope paths '))
  for (const name of ['model/onnx', 'torch', 'Run.layerscope', 'renamed', 'empty', 'samples/b', 'samples/a', 'samples/broken']) await mkdir(at(name), { recursive: true })
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'model/onnx/model.onnx': 'x', 'torch/config.json': '{}', 'renamed/session.json': '{}',
    'A.CSV': 'a,b\n1,2\n', 'recipe.json': JSON.stringify({ seed: 1, ...recipe }), 'rows.json': '[{"a": 1}]', 'weights.bin': Buffer.from('GGUF\x03\0\0\0'),
    'table.bin': 'PAR1....', 'plain': 'one line\n', 'binary': Buffer.from([1, 2, 0, 4]), 'empty.dat': '', 'archive.dat': Buffer.from('PK\x03\x04..'), 'Run.zip': Buffer.from(`PK\x03\x04${'.'.repeat(80_000)}Run.layerscope/session.json....`), 'a.csv.gz': Buffer.from([0x1f, 0x8b, 8, 0]), 'bad.json': '{"format": "layerscope-recipe", "version": 2}', 'broken.json': '{"format": "layerscope-recipe", ',
    'samples/a/sample.json': JSON.stringify({ id: 'second', title: 'B', description: '', question: '?', order: 2 }), 'samples/a/recipe.json': JSON.stringify(recipe),
    'samples/b/sample.json': JSON.stringify({ id: 'first', title: 'A', description: '', question: '?', order: 1 }), 'samples/b/recipe.json': JSON.stringify(recipe),
    'samples/broken/sample.json': '{}'
  }
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content)
})

describe('pathKind', () => {
  it.each([
    ['model', 'model'], ['torch', 'model'], ['model/onnx/model.onnx', 'model'], ['weights.bin', 'model'],
    ['Run.layerscope', 'session'], ['renamed', 'session'], ['Run.zip', 'session'],
    ['A.CSV', 'dataset'], ['rows.json', 'dataset'], ['table.bin', 'dataset'], ['plain', 'dataset'],
    ['recipe.json', 'recipe']
  ])('%s is a %s', async (name, kind) => {
    expect(await pathKind(at(name))).toEqual({ path: at(name), kind })
  })

  it.each([
    ['empty', 'holds no model'], ['binary', 'neither a model'], ['empty.dat', 'neither a model'], ['archive.dat', 'zip archive'], ['a.csv.gz', 'compressed'], ['missing', 'not there any more'], ['renamed/session.json', 'Open the folder']
  ])('says why %s cannot be opened', async (name, reason) => {
    const kind = await pathKind(at(name))
    expect(kind.kind).toBe('unknown')
    expect(kind.reason).toContain(reason)
  })
})

describe('readRecipe', () => {
  it('makes paths absolute and fills in what was left out', async () => {
    const file = await readRecipe(at('recipe.json'))
    expect(file).toMatchObject({ ok: true, recipe: { model: { path: join(folder, '..', 'model') }, dataset: { path: at('data.csv') }, probe: { folds: 5 }, extraction: { positions: { kind: 'last' } } } })
  })

  it('says what is wrong', async () => {
    expect(await readRecipe(at('broken.json'))).toMatchObject({ ok: false, error: { code: 'recipe-unreadable', message: 'This recipe is not valid JSON.' } })
    expect(await readRecipe(at('bad.json'))).toMatchObject({ ok: false, error: { code: 'recipe-invalid', field: 'version' } })
    expect(await readRecipe(at('missing.json'))).toMatchObject({ ok: false, error: { message: 'This recipe cannot be read.' } })
  })
})

describe('readSamples', () => {
  it('lists complete samples in their order', async () => {
    const samples = await readSamples(at('samples'))
    expect(samples.map(({ id }) => id)).toEqual(['first', 'second'])
    expect(samples[0]?.datasetPath).toBe(at('samples', 'b', 'data.csv'))
  })

  it('is empty where there are none', async () => {
    expect(await readSamples(at('nowhere'))).toEqual([])
  })
})
