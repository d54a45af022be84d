/** At which token the truth of a statement can be read: the bundled model on its sample, through the command line. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors } from '../../main/engine/activations'
import { start } from './command-line'

const resources = fileURLToPath(new URL('../../resources', import.meta.url))
const sites = ['blocks.1.hook_resid_post', 'blocks.4.hook_resid_post'] as const

interface Told {
  readonly positions: string; readonly rows: number; readonly leftOut: { readonly count: number; readonly first: { readonly row: number; readonly reason: string } | null }
  readonly readAt: { readonly token: string; readonly share: number } | null; readonly error?: { readonly code: string }
  readonly sweep?: { readonly sites: readonly { readonly site: string; readonly metrics: { readonly accuracy: number; readonly interval: readonly [number, number] }; readonly controls: { readonly shuffled: number; readonly textOnly: number; readonly majority: number } }[] }
}

/** A run of 4,000 texts takes some twenty seconds where two cores are shared. */
const long = 240_000

let folder = ''
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'cli-positions-')) })
afterAll(async () => { await rm(folder, { recursive: true }) })

async function recipe(name: string, dataset: string, test: string | null, probe: object = {}): Promise<string> {
  const path = join(folder, `${name}.json`)
  await writeFile(path, JSON.stringify({
    format: 'layerscope-recipe', version: 1, model: { path: join(resources, 'models/atlas-lm') },
    dataset: { path: dataset, roles: { text: { kind: 'template', template: '<|end|>{statement}' }, label: 'label', group: 'city', test } },
    extraction: { sites }, probe: { methods: ['logistic'], strengths: 4, ...probe }
  }))
  return path
}

async function asked(args: readonly string[]): Promise<ReadonlyMap<string, Told>> {
  const { code, stdout, stderr } = await start([...args, '--json'])
  expect(code, stderr + stdout).toBe(0)
  return new Map((JSON.parse(stdout) as { readonly positions: readonly Told[] }).positions.map(told => [told.positions, told]))
}

describe('where truth appears', () => {
  const accuracy = (told: ReadonlyMap<string, Told>, position: string, layer: 0 | 1): number => told.get(position)?.sweep?.sites[layer]?.metrics.accuracy ?? NaN
  const session = (): string => join(folder, 'truth.layerscope')
  let read: ReadonlyMap<string, Told>

  it('at the full stop, less at the country, not before it is named, not at the city', async () => {
    const path = await recipe('truth', join(resources, 'samples/atlas-truth/city-statements.csv'), 'never_judged')
    read = await asked(['run', path, '--out', session(), '--projections', 'none', '--positions', 'last,last-1,last-4,first,span:city'])
    expect([...read.keys()]).toEqual(['first', 'last-4', 'last-1', 'last', 'span:city'])
    // On 884 statements about cities the model never saw judged, half of them true; the tolerance is twice the standard error.
    expect(Math.abs(accuracy(read, 'last', 1) - 0.898)).toBeLessThan(0.02)
    expect(Math.abs(accuracy(read, 'last-1', 1) - 0.675)).toBeLessThan(0.034)
    expect(Math.abs(accuracy(read, 'last-4', 1) - 0.54)).toBeLessThan(0.034)
    expect(accuracy(read, 'last', 0)).toBeLessThan(accuracy(read, 'last', 1) - 0.1)
    // What comes before the statement is the same in both versions of it: exactly chance.
    for (const position of ['first', 'span:city']) for (const layer of [0, 1] as const) expect(accuracy(read, position, layer), position).toBe(0.5)
    for (const told of read.values()) {
      expect(told).toMatchObject({ rows: 4000, leftOut: { count: 0, first: null } })
      for (const { controls } of told.sweep?.sites ?? []) {
        expect(controls.majority).toBe(0.5)
        expect(Math.abs(controls.shuffled - 0.5)).toBeLessThan(0.05)
        expect(controls.textOnly).toBe(read.get('last')?.sweep?.sites[0]?.controls.textOnly)
      }
    }
    expect(read.get('last')?.readAt).toEqual({ token: '.', share: 1 })
    expect(read.get('first')?.readAt).toEqual({ token: '<|end|>', share: 1 })
  }, long)

  it('is kept: asked again nothing is computed, and a further position is added', async () => {
    const at = async (): Promise<number> => (await stat(join(session(), 'runs/run-1/positions/last-1/sweep.json'))).mtimeMs
    const before = await at()
    expect(await asked(['positions', session()])).toEqual(read)
    const more = await asked(['positions', session(), '--positions', 'last..last-1,mean'])
    expect([...more.keys()]).toEqual(['first', 'last-4', 'last-1', 'last', 'span:city', 'mean'])
    expect(accuracy(more, 'mean', 1)).toBeGreaterThan(0.75)
    for (const [position, told] of read) expect(more.get(position)).toEqual(told)
    expect(await at()).toBe(before)
    const { stdout } = await start(['positions', session()])
    expect(stdout).toMatch(/accuracy of logistic.*\nposition +1 +4 +textOnly +shuffled +majority +rows +left out +token\nfirst/)
    expect(stdout).toMatch(/last − 1 .* 4000 +0 +“ India” 5 %/)
  }, long)

  it('has a report of every position, whose script states the same score', async () => {
    const out = join(folder, 'report')
    expect((await start(['report', join(session(), 'runs/run-1/positions/last-1'), '--site', sites[1], '--out', out])).code).toBe(0)
    const card = await readFile(join(out, 'card.md'), 'utf8')
    expect(card).toContain('The vector is that of the token before the last')
    expect(card).toContain(`${(accuracy(read, 'last-1', 1) * 100).toFixed(1)} %`)
  })
})

describe('the report of a run that was read at several positions', () => {
  it('holds them as a table, a figure and every number', async () => {
    const out = join(folder, 'whole')
    expect((await start(['report', join(folder, 'truth.layerscope'), '--out', out])).code).toBe(0)
    const card = await readFile(join(out, 'card.md'), 'utf8')
    expect(card).toContain('## Positions')
    expect(card).toMatch(/\| token before the last \| \d\d\.\d % \| 6\d\.\d % \| \d\d\.\d % \| 4000 \|/)
    const lines = (await readFile(join(out, 'positions.csv'), 'utf8')).trim().split('\r\n')
    expect(lines[0]).toMatch(/^position,rows,left_out,site,method,measure,target,value,lo,hi,shuffled,textOnly,majority/)
    // Six positions, two sites, three measures.
    expect(lines).toHaveLength(1 + 6 * 2 * 3)
    expect(lines.filter(line => line.startsWith('last-1,4000,0,'))).toHaveLength(6)
    const svg = await readFile(join(out, 'positions.svg'), 'utf8')
    const best = Number(lines.find(line => line.startsWith(`last,4000,0,${sites[1]},logistic,accuracy,`))?.split(',')[7])
    for (const part of ['last − 4', 'end of city', 'shuffled', 'majority', `>${(best * 100).toFixed(1)}<`]) expect(svg).toContain(part)
    expect((await stat(join(out, 'positions.png'))).size).toBeGreaterThan(5000)
  })
})

describe('rows that are too short', () => {
  it('are left out where they have no such token, and the others stay in their folds', async () => {
    const lines = (await readFile(join(resources, 'samples/atlas-truth/city-statements.csv'), 'utf8')).trim().split('\n').slice(1, 241).map(line => line.split(','))
    // Every third statement is cut down to its city.
    const rows = lines.map(([statement = '', label = '', city = ''], i) => `${i % 3 === 0 ? `${city}.` : statement},${label},${city}`)
    await writeFile(join(folder, 'short.csv'), ['statement,label,city', ...rows].join('\n'))
    const session = join(folder, 'short.layerscope')
    const path = await recipe('short', join(folder, 'short.csv'), null)
    const told = await asked(['run', path, '--out', session, '--projections', 'none', '--positions', 'last-6,last-900'])
    const { rows: there = 0, leftOut } = told.get('last-6') ?? {}
    expect(there + (leftOut?.count ?? 0)).toBe(240)
    expect(leftOut?.count).toBeGreaterThanOrEqual(60)
    expect(leftOut?.first).toMatchObject({ row: 0, reason: expect.stringMatching(/^The text has \d tokens: it has no 6th token before the last\.$/) })
    expect(told.get('last-900')).toMatchObject({ rows: 0, error: { code: 'nothing-to-extract' } })
    const run = join(session, 'runs/run-1')
    const foldOf = async (at: string): Promise<ReadonlyMap<number, number>> => {
      const [store, probes] = [await openSafetensors(join(at, 'rows.safetensors')), await openSafetensors(join(at, 'probes.safetensors'))]
      try {
        const [row, fold] = [await store.readInt32('row'), await probes.readInt32('fold')]
        return new Map(Array.from(row, (own, i) => [own, fold[i] ?? -1]))
      } finally {
        await store.close()
        await probes.close()
      }
    }
    const [whole, part] = [await foldOf(run), await foldOf(join(run, 'positions/last-6'))]
    expect([whole.size, part.size]).toEqual([240, there])
    for (const [row, fold] of part) expect(whole.get(row)).toBe(fold)
  }, long)

  it('bad positions end the command before anything is opened', async () => {
    for (const list of ['end-1', 'last..first', '']) expect((await start(['positions', folder, '--positions', list])).code, list).toBe(2)
    const { code, stdout } = await start(['positions', join(folder, 'short.layerscope'), '--positions', 'all', '--json'])
    expect([code, JSON.parse(stdout)]).toMatchObject([3, { error: { code: 'positions-not-of-texts' } }])
    const missing = await start(['positions', folder, '--json'])
    expect([missing.code, JSON.parse(missing.stdout)]).toMatchObject([3, { error: { code: 'session-missing' } }])
  })
})
