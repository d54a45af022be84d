import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors } from '../../main/engine/activations/index'
import { shared, sharedPresent, start } from './command-line'

const model = join(shared, 'models/zoo/bert/onnx/model.onnx')
if (!sharedPresent) console.log('skipped: the report on the command line needs ../shared')

interface Told { readonly site: string; readonly method: string; readonly measure: string; readonly value: number; readonly reproduced: number; readonly files: readonly string[] }
interface Sweep { readonly chosen: { readonly site: string; readonly method: string }; readonly sites: readonly { readonly site: string; readonly method: string; readonly measures: readonly { readonly name: string; readonly value: number }[] }[] }

/** Outputs of every held-out row by the exported arrays, beside what they are compared with. */
async function exported(folder: string): Promise<{ readonly outputs: readonly (readonly number[])[]; readonly tested: readonly number[]; readonly actual: Int32Array | Float32Array; readonly rows: number }> {
  const [direction, activations] = [await openSafetensors(join(folder, 'direction.safetensors')), await openSafetensors(join(folder, 'activations.safetensors'))]
  const [, outputs = 0, width = 0] = direction.tensors.get('weights')?.shape ?? []
  const [weights, intercept, fold] = [await direction.readFloat64('weights'), await direction.readFloat64('intercept'), await direction.readInt32('fold')]
  const x = await activations.readFloat32('activations')
  const tested = [...fold.keys()].filter(row => fold[row]! >= 0)
  const actual = direction.tensors.get('actual')?.dtype === 'I32' ? await direction.readInt32('actual') : await direction.readFloat32('actual')
  await direction.close()
  await activations.close()
  return {
    tested, actual, rows: fold.length,
    outputs: tested.map(row => Array.from({ length: outputs }, (_, output) => {
      const at = fold[row]! * outputs + output
      return x.subarray(row * width, (row + 1) * width).reduce((sum, value, column) => sum + value * weights[at * width + column]!, intercept[at]!)
    }))
  }
}

const largest = (outputs: readonly number[]): number => outputs.length === 1 ? Number(outputs[0]! > 0) : outputs.indexOf(Math.max(...outputs))

describe.skipIf(!sharedPresent)('report', () => {
  let folder = ''
  let store = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-report-'))
    store = join(folder, 'store')
    const seasons = ['warm', 'cold', 'wet | *dry*']
    // Numbers of words make a score that is neither chance nor perfect.
    const rows = Array.from({ length: 120 }, (_, i) => `town${i >> 1} is ${i % 7 === 0 ? 'odd' : i % 2 === 0 ? 'warm and wide' : 'cold'} ${i % 5} town${i % 11},${i % 2},${seasons[i % 3]},${(i % 5) + (i % 2)},town${i >> 1}`)
    await writeFile(join(folder, 'data.csv'), ['statement,label,"sea ""son"" `x`",amount,town', ...rows].join('\n'))
    const { code } = await start(['extract', model, join(folder, 'data.csv'), '--text', 'statement', '--positions', 'mean', '--sites', 'hook_embed,blocks.*.block_out', '--out', store])
    expect(code).toBe(0)
  })
  afterAll(async () => { await rm(folder, { recursive: true }) })

  async function reported(probe: readonly string[], report: readonly string[] = []): Promise<{ readonly told: Told; readonly out: string; readonly sweep: Sweep; readonly card: string; readonly printed: string }> {
    const probed = await start(['probe', store, '--group', 'town', '--strengths', '3', ...probe])
    expect(probed.code).toBe(0)
    const out = await mkdtemp(join(folder, 'report-'))
    const { code, stdout } = await start(['report', store, '--out', out, ...report, '--json'])
    expect(code).toBe(0)
    const sweep: Sweep = JSON.parse(await readFile(join(store, 'sweep.json'), 'utf8'))
    return { printed: probed.stdout, told: JSON.parse(stdout), out, sweep, card: await readFile(join(out, 'card.md'), 'utf8') }
  }

  it.each([['two', 'label', 2], ['three', 'sea "son" `x`', 3]] as const)('of %s classes: the exported arrays give the stated accuracy exactly', async (_, label, classes) => {
    const { told, out, sweep, card } = await reported(['--label', label])
    const { site, method } = sweep.chosen
    expect(told).toMatchObject({ site, method, measure: 'accuracy' })
    expect(told.files.map(file => file.slice(out.length + 1))).toEqual(['card.md', 'card.json', 'card.svg', 'card.png', 'sweep.csv', 'sweep.parquet', 'layers.svg', 'layers.png', 'direction.safetensors', 'activations.safetensors', 'reproduce.py'])
    const stated = sweep.sites.find(result => result.site === site && result.method === method)!.measures[0]!.value
    const { outputs, tested, actual } = await exported(out)
    expect(outputs[0]).toHaveLength(classes === 2 ? 1 : classes)
    expect(tested).toHaveLength(120)
    expect(outputs.filter((own, i) => largest(own) === actual[tested[i]!]).length / tested.length).toBe(stated)
    expect([told.value, told.reproduced]).toEqual([stated, stated])
    const script = await readFile(join(out, 'reproduce.py'), 'utf8')
    expect(script).toContain(`STATED = ${stated}\n`)
    expect(card).toContain(`**${(stated * 100).toFixed(1)} %**`)
    expect(card).toMatch(/rows that share `town` stay in one fold/)
    expect(card).toMatch(/against text only [\d.]+ %/)
    const { detail, rows }: { detail: { confusion: number[] }; rows: number } = JSON.parse(await readFile(join(out, 'card.json'), 'utf8'))
    expect(detail.confusion.filter((_, at) => at % (classes + 1) === 0).reduce((sum, value) => sum + value) / rows).toBeCloseTo(stated, 12)
    expect(card).toContain('## Calibration')
    expect(card.slice(card.indexOf('## Layers')).match(/^\| (\*\*)?`[^`]+`(\*\*)? \|.*$/gm)).toHaveLength(4)
    if (classes === 3) {
      expect(card).toContain('sea "son" \\`x\\` (multiclass)')
      expect(card).toContain('wet \\| \\*dry\\*')
      expect(script).toContain('CLASSES = ["cold", "warm", "wet | *dry*"]')
    }
  })

  it('of numbers: the exported arrays give the stated R² to float32', async () => {
    const { told, out, sweep, card } = await reported(['--label', 'amount', '--task', 'numeric'])
    expect(told).toMatchObject({ site: sweep.chosen.site, method: 'ridge', measure: 'r2' })
    const { outputs, tested, actual } = await exported(out)
    const mean = tested.reduce((sum, row) => sum + actual[row]!, 0) / tested.length
    const residual = tested.reduce((sum, row, i) => sum + (actual[row]! - outputs[i]![0]!) ** 2, 0)
    const total = tested.reduce((sum, row) => sum + (actual[row]! - mean) ** 2, 0)
    expect(1 - residual / total).toBeCloseTo(told.value, 5)
    expect(told.reproduced).toBeCloseTo(told.value, 5)
    expect(card).toContain('The probe predicts the number in `amount`.')
  })

  it('holds the whole sweep as CSV and Parquet, at a site and method of one\'s own', async () => {
    const { told, out, sweep, card } = await reported(['--label', 'label', '--methods', 'logistic,mass-mean'], ['--site', 'hook_embed', '--method', 'mass-mean'])
    expect(told).toMatchObject({ site: 'hook_embed', method: 'mass-mean' })
    expect(card).toContain('named by the author of the report')
    const [header, ...lines] = (await readFile(join(out, 'sweep.csv'), 'utf8')).trimEnd().split('\r\n')
    expect(header).toMatch(/^site,method,measure,target,value,lo,hi,shuffled,textOnly,majority/)
    const measures = sweep.sites.flatMap(({ site, method, measures: all }) => all.map(({ name, value }) => [site, method, name, '', String(value)].join(',')))
    expect(lines.map(line => line.split(',').slice(0, 5).join(','))).toEqual(measures)
    const database = await DuckDBInstance.create(':memory:')
    const connection = await database.connect()
    const read = await connection.runAndReadAll(`SELECT site, method, measure, value FROM read_parquet('${join(out, 'sweep.parquet')}')`)
    expect(read.getRowsJS()).toEqual(sweep.sites.flatMap(({ site, method, measures: all }) => all.map(({ name, value }) => [site, method, name, value])))
    connection.closeSync()
  })

  it('says of the best test score that validation did not choose how far it flatters: in the summary, the JSON and the methods paragraph', async () => {
    const picked = ['--label', 'label', '--methods', 'logistic,mass-mean']
    const { card, printed, sweep } = await reported(picked, ['--site', 'hook_embed', '--method', 'mass-mean'])
    const accuracy = (result: Sweep['sites'][number] | undefined): number => result?.measures[0]?.value ?? NaN
    const best = Math.max(...sweep.sites.map(accuracy))
    // Mass mean at the embedding is the best here; validation chose a logistic probe further up.
    expect(accuracy(sweep.sites.find(({ site, method }) => site === 'hook_embed' && method === 'mass-mean'))).toBe(best)
    const chosen = accuracy(sweep.sites.find(({ site, method }) => site === sweep.chosen.site && method === sweep.chosen.method))
    expect(chosen).toBeLessThan(best)
    const worth = /Were all 8 equally good, the best of them would stand [\d.]+ points? above its worth on average, and more than [\d.]+ points? once in twenty \(bootstrap\)\./
    const summary = printed.split('\n').find(line => line.includes('is the best test accuracy of 8'))
    expect(summary).toMatch(new RegExp(`^${(best * 100).toFixed(1)} % \\(mass mean at hook_embed\\) is the best test accuracy of 8, and picking by test score flatters\\. ${worth.source} Quote the one that validation rows chose\\.$`))
    const methods = card.slice(card.indexOf('## Methods'), card.indexOf('## Result'))
    expect(methods).toMatch(new RegExp(`It has the best test accuracy of the 8 pairs of site and method, and picking by test score flatters\\. ${worth.source} Validation rows chose ${sweep.chosen.method} at \`${sweep.chosen.site}\`, whose test accuracy is ${(chosen * 100).toFixed(1)} %\\.`))
    expect(card.slice(card.indexOf('## Result'))).toContain('and this is the best of them by test score, which flatters (see Methods).')
    const { bestOfMany }: { bestOfMany: { best: { site: string; method: string; value: number }; cells: number } } = JSON.parse((await start(['probe', store, '--group', 'town', '--strengths', '3', ...picked, '--json'])).stdout)
    expect(bestOfMany).toMatchObject({ cells: 8, measure: 'accuracy', best: { site: 'hook_embed', method: 'mass-mean', value: best } })
    // What validation chose is quoted as it is.
    const own = await reported(picked)
    expect(own.card).not.toMatch(/flatters/)
  })

  it('is compared: two methods of a sweep on the same rows', async () => {
    const { sweep } = await reported(['--label', 'label', '--methods', 'logistic,mass-mean'])
    const { code, stdout } = await start(['compare', store, '--site', 'hook_embed', '--method', 'mass-mean', '--to-site', 'hook_embed', '--to-method', 'logistic', '--json'])
    expect(code).toBe(0)
    const told: { rows: number; differences: { measure: string; test: string; first: number; difference: number; interval: [number, number]; p: number }[]; bestOfMany: { cells: number } } = JSON.parse(stdout)
    expect(told.rows).toBe(120)
    expect(told.differences.map(({ test }) => test)).toEqual(['bootstrap', 'bootstrap', 'delong', 'bootstrap'])
    expect(told.differences[0]?.first).toBe(sweep.sites.find(({ site, method }) => site === 'hook_embed' && method === 'mass-mean')!.measures[0]!.value)
    expect(told.bestOfMany.cells).toBe(sweep.sites.length)
    const same = await start(['compare', store, '--json'])
    expect([same.code, JSON.parse(same.stdout)]).toMatchObject([3, { error: { code: 'cells-alike' } }])
  })

  it('refuses what is not there, and the run\'s own folder', async () => {
    const failing = async (args: readonly string[]): Promise<unknown> => {
      const { code, stdout } = await start(['report', ...args, '--json'])
      expect(code).toBe(3)
      return JSON.parse(stdout)
    }
    expect(await failing([store, '--out', store])).toMatchObject({ error: { code: 'report-in-place' } })
    expect(await failing([store, '--out', join(folder, 'x'), '--site', 'nowhere'])).toMatchObject({ error: { code: 'result-unknown' } })
    await mkdir(join(folder, 'empty'))
    expect(await failing([join(folder, 'empty'), '--out', join(folder, 'x')])).toMatchObject({ error: { code: 'sweep-missing' } })
  })
})
