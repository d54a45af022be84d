import { constants, existsSync } from 'node:fs'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors } from '../../main/engine/activations/index'
import { openDataset } from '../../main/engine/datasets/index'
import { script, shared, sharedPresent, start } from './command-line'

const model = join(shared, 'models/zoo/bert/onnx/model.onnx')
if (!sharedPresent) console.log('skipped: command line tests need ../shared')

let folder = ''
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'cli-')) })
afterAll(async () => { await rm(folder, { recursive: true }) })

it('is executable after every build, as npx needs it', async () => {
  await access(script, constants.X_OK)
})

describe('bad arguments', () => {
  it.each([
    ['no command', []],
    ['an unknown command', ['dance']],
    ['an unknown flag', ['info', 'm', '--fast']],
    ['a missing argument', ['info']],
    ['one argument too many', ['info', 'a', 'b']],
    ['a missing flag', ['extract', 'm', 'd', '--text', 't']],
    ['two sources of text', ['extract', 'm', 'd', '--text', 't', '--template', '{t}', '--out', 'o']],
    ['positions that do not exist', ['extract', 'm', 'd', '--text', 't', '--positions', 'middle', '--out', 'o']],
    ['a number that is none', ['probe', 'd', '--label', 'l', '--folds', 'many']],
    ['trace without input', ['trace', 'm', '--out', 'o']]
  ])('%s end with 2 and say so', async (_what, args) => {
    const plain = await start(args)
    expect(plain.code).toBe(2)
    expect(plain.stdout).toBe('')
    expect(plain.stderr).not.toBe('')
    const json = await start([...args, '--json'])
    expect(json.code).toBe(2)
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'arguments-invalid' } })
  })

  it('--help is not one', async () => {
    const help = await start(['extract', '--help'])
    expect(help.code).toBe(0)
    expect(help.stdout).toContain('--batch-tokens')
  })
})

describe('bad input', () => {
  it('ends with 3 and names the file', async () => {
    const { code, stdout } = await start(['info', join(folder, 'none.onnx'), '--json'])
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ error: { file: join(folder, 'none.onnx') } })
    const plain = await start(['probe', folder, '--label', 'l'])
    expect(plain).toMatchObject({ code: 3, stdout: '' })
    expect(plain.stderr).toMatch(/^Error: There are no activations in this folder\./)
  })
})

describe.skipIf(!sharedPresent)('commands', () => {
  let data = ''
  let store = ''
  beforeAll(async () => {
    data = join(folder, 'data.csv')
    store = join(folder, 'store')
    // The last word tells the label; towns come with both.
    const rows = Array.from({ length: 120 }, (_, i) => `town${i >> 1} is ${i % 2 === 0 ? 'warm' : 'cold'},${i % 2},town${i >> 1},${i < 90 ? 'train' : 'test'}`)
    await writeFile(data, ['statement,label,town,part', ...rows, ',1,nowhere,train'].join('\n'))
    const { code } = await start(['extract', model, data, '--text', 'statement', '--positions', 'mean', '--out', store, '--json'])
    expect(code).toBe(0)
  })

  it('info tells what the contract says', async () => {
    const { code, stdout } = await start(['info', model, '--json'])
    expect(code).toBe(0)
    const found: Record<string, unknown> = JSON.parse(stdout)
    expect(found).toMatchObject({ family: 'bert', format: 'onnx', precision: 'float32', layers: 3, hidden: 48, heads: 6, kvHeads: 6, headDim: 8, vocab: 600 })
    expect(found['sites']).toContainEqual({ name: 'blocks.0.block_out', shape: ['batch', 'position', 48] })
    expect(found['checks']).toContainEqual(expect.objectContaining({ ok: true, name: expect.any(String), detail: expect.any(String) }))
    expect(found['providers']).toContainEqual(expect.objectContaining({ name: 'cpu', ok: true }))
    expect(found['openMs']).toBeTypeOf('number')
  })

  it('trace equals the reference at every site that it has, for the ids it was given', async () => {
    const reference = join(shared, 'models/zoo/bert/reference.safetensors')
    const out = join(folder, 'trace.safetensors')
    const { code, stdout } = await start(['trace', model, '--ids', reference, '--out', out, '--json'])
    expect(code).toBe(0)
    const [expected, found] = [await openSafetensors(reference), await openSafetensors(out)]
    const listed: { sites: { name: string; shape: number[] }[] } = JSON.parse(stdout)
    expect(listed.sites.map(({ name }) => name)).toEqual([...found.tensors.keys()].filter(name => !name.startsWith('input_') && !name.startsWith('attention_mask')))
    expect(await found.readInt32('input_ids')).toEqual(await expected.readInt32('input_ids'))
    const mask = await found.readInt32('attention_mask')
    const compared = [...found.tensors.keys()].filter(name => /hook_embed$|block_out$/.test(name) && expected.tensors.has(name))
    expect(compared.length).toBeGreaterThanOrEqual(4)
    for (const name of compared) {
      const [a, b] = [await found.readFloat32(name), await expected.readFloat32(name)]
      const width = a.length / mask.length
      const worst = a.reduce((most, value, i) => (mask[Math.floor(i / width)] ?? 0) === 0 ? most : Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0)
      expect(worst).toBeLessThan(1e-4)
    }
    await expected.close()
    await found.close()
  })

  it('trace takes globs and several texts', async () => {
    const out = join(folder, 'glob.safetensors')
    const { stdout } = await start(['trace', model, '--text', 'a town', '--text', 'a warm town', '--sites', 'blocks.*.block_out,hook_embed', '--out', out, '--json'])
    const { sites }: { sites: { name: string; shape: number[] }[] } = JSON.parse(stdout)
    expect(sites.map(({ name }) => name)).toEqual(['hook_embed', 'blocks.0.block_out', 'blocks.1.block_out', 'blocks.2.block_out'])
    expect(sites[0]?.shape[0]).toBe(2)
    const unknown = await start(['trace', model, '--text', 'a', '--sites', 'blocks.*.nothing', '--out', out, '--json'])
    expect(unknown.code).toBe(3)
    expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { code: 'site-unknown' } })
  })

  it('trace says how many tokens of a text the model does not read', async () => {
    const out = join(folder, 'long.safetensors')
    const args = ['trace', model, '--text', 'a', '--text', 'a '.repeat(500), '--sites', 'hook_embed', '--out', out]
    const { code, stdout, stderr } = await start([...args, '--json'])
    expect(code).toBe(0)
    const { sites, truncatedTokens }: { sites: { shape: number[] }[]; truncatedTokens: number[] } = JSON.parse(stdout)
    // 500 tokens and the two special ones, of which the model reads 128.
    expect(sites[0]?.shape.slice(0, 2)).toEqual([2, 128])
    expect(truncatedTokens).toEqual([0, 374])
    expect(stderr).toContain('Text 2 is longer than the model reads: of its 502 tokens 374 were cut off.')
    expect(stderr).not.toContain('Text 1')
  })

  it('extract tells rows, sites and skipped rows, and keeps stderr for progress', async () => {
    const { code, stdout, stderr } = await start(['extract', model, data, '--template', '{town}: {statement}', '--sites', 'blocks.2.*out', '--dtype', 'f16', '--limit', '50', '--out', join(folder, 'few'), '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rows: 50, skipped: [], resumedRows: 0, sites: [{ name: 'blocks.2.hook_attn_out' }, { name: 'blocks.2.attn_block_out' }, { name: 'blocks.2.hook_mlp_out' }, { name: 'blocks.2.block_out' }] })
    expect(stderr).not.toContain('\u001b')
    const skipped = await start(['extract', model, data, '--text', 'statement', '--positions', 'mean', '--out', store, '--json'])
    expect(JSON.parse(skipped.stdout)).toMatchObject({ rows: 120, resumedRows: 120, skipped: [{ row: 120, reason: 'The text is empty.' }] })
    const another = await start(['extract', model, data, '--text', 'statement', '--positions', 'first', '--out', store, '--json'])
    expect(another.code).toBe(3)
    expect(JSON.parse(another.stdout)).toMatchObject({ error: { code: 'store-of-another-key', file: store } })
  })

  it('probe prints the layer table with controls and writes the sweep', async () => {
    const { code, stdout } = await start(['probe', store, '--label', 'label', '--group', 'town', '--json'])
    expect(code).toBe(0)
    const sweep = JSON.parse(stdout)
    expect(sweep).toMatchObject({ task: 'binary', chosen: { method: 'logistic' } })
    expect(sweep.sites).toHaveLength(4)
    for (const { metrics, controls, strength } of sweep.sites) {
      expect(metrics.interval[0]).toBeLessThanOrEqual(metrics.accuracy)
      expect(metrics.interval[1]).toBeGreaterThanOrEqual(metrics.accuracy)
      expect(Object.keys(controls)).toEqual(['shuffled', 'textOnly', 'majority'])
      expect(strength).toBeGreaterThan(0)
    }
    // The word itself gives it away, to the model and to the text alone.
    expect(sweep.sites.at(-1)).toMatchObject({ metrics: { accuracy: 1 }, controls: { textOnly: 1, majority: 0.5 } })
    expect(JSON.parse(await readFile(join(store, 'sweep.json'), 'utf8'))).toMatchObject({ task: 'binary', folds: 5 })
    const file = await openSafetensors(join(store, 'heldout.safetensors'))
    expect((await file.readFloat32('blocks.2.block_out/logistic/score')).length).toBe(120)
    await file.close()
    const plain = await start(['probe', store, '--label', 'label', '--group', 'town', '--sites', 'blocks.*', '--test', 'part'])
    expect(plain.stdout).toMatch(/site +accuracy +95 % interval +AUROC +balanced +shuffled +text only +majority/)
    expect(plain.stdout.match(/^[› ] {2}blocks\.\d\.block_out/gm)).toHaveLength(3)
  })

  it('project writes row, x and y', async () => {
    const out = join(folder, 'xy.parquet')
    const { code, stdout } = await start(['project', store, '--site', 'blocks.2.block_out', '--method', 'pca', '--out', out, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rows: 120, seconds: expect.any(Number), trustworthiness: expect.any(Number) })
    const table = await openDataset(out)
    expect(table.summary.columns.map(({ name }) => name)).toEqual(['row', 'x', 'y'])
    expect(table.summary.rows).toBe(120)
    expect((await table.textColumn('row'))[119]).toBe('119')
    await table.close()
    expect((await start(['project', store, '--site', 'nowhere', '--out', out, '--json'])).code).toBe(3)
  })

  it('run makes a session with figures from a recipe, and finds everything there the second time', async () => {
    const recipe = join(folder, 'towns.json')
    await writeFile(recipe, JSON.stringify({
      format: 'layerscope-recipe', version: 1, model: { path: model },
      dataset: { path: 'data.csv', roles: { text: { kind: 'column', column: 'statement' }, label: 'label', group: 'town' } },
      extraction: { positions: { kind: 'mean' } }, projection: { epochs: 50 }
    }))
    const { code, stdout } = await start(['run', recipe], undefined, folder)
    expect(code).toBe(0)
    const session = join(folder, 'towns.layerscope')
    expect(stdout).toContain('was chosen on validation rows')
    expect(stdout).toContain(session)
    const second = await start(['run', recipe, '--json'], undefined, folder)
    const summary = JSON.parse(second.stdout)
    expect(summary).toMatchObject({ path: session, name: 'towns', problems: [], run: { runId: 'run-1', status: 'complete', sweep: { task: 'binary' } }, projections: [{ method: 'umap', rows: 120 }] })
    expect(summary.figures).toHaveLength(4)
    for (const figure of summary.figures) expect(existsSync(figure)).toBe(true)
    const png = await readFile(summary.figures.find((path: string) => path.endsWith('layer-strip.png')))
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG')
    // The same numbers as step by step.
    const probed = JSON.parse((await start(['probe', store, '--label', 'label', '--group', 'town', '--json'])).stdout)
    const numbers = ({ sites }: { sites: { metrics: unknown; strength: number }[] }): unknown => sites.map(({ metrics, strength }) => [metrics, strength])
    expect(numbers(summary.run.sweep)).toEqual(numbers(probed))
    // Its last finished run, reported.
    const { site, method, testScore } = summary.run.sweep.chosen
    const reported = await start(['report', session, '--out', join(folder, 'report'), '--json'])
    expect([reported.code, JSON.parse(reported.stdout)]).toEqual([0, expect.objectContaining({ site, method, measure: 'accuracy', value: testScore, reproduced: testScore })])
    expect(await readFile(join(folder, 'report/card.md'), 'utf8')).toContain('Computed with Layerscope 0.1.0, run `run-1`.')
    expect(JSON.parse((await start(['report', session, '--run', 'run-9', '--out', join(folder, 'report'), '--json'])).stdout)).toMatchObject({ error: { code: 'run-unknown' } })
  })
})
