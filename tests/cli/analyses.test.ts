import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CodeLength } from '../../preload/contract'
import { shared, sharedPresent, start } from './command-line'

const model = join(shared, 'models/zoo/bert/onnx/model.onnx')
if (!sharedPresent) console.log('skipped: analyses on the command line need ../shared')

interface Cell { readonly accuracy: number; readonly interval: readonly [number, number]; readonly rows: number; readonly byFold: number }

describe.skipIf(!sharedPresent)('transfer and similarity', () => {
  let folder = ''
  const [first, second] = [(): string => join(folder, 'first'), (): string => join(folder, 'second')]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-analyses-'))
    for (const [name, from, city] of [['first', 0, 'city'], ['second', 20, 'place']] as const) {
      const rows = Array.from({ length: 30 }, (_, i) => `town${from + i}`).flatMap(town => [0, 1, 2, 3].map(i => `${town} is ${i % 2 === 0 ? 'warm and wide' : 'cold and small'} ${i},${town},${i % 2}`))
      await writeFile(join(folder, `${name}.csv`), [`text,${city},label`, ...rows].join('\n'))
      const { code } = await start(['extract', model, join(folder, `${name}.csv`), '--text', 'text', '--out', join(folder, name)])
      expect(code).toBe(0)
    }
  })
  afterAll(async () => { await rm(folder, { recursive: true }) })

  it('transfer prints the matrix and its JSON holds every site', async () => {
    const asked = ['transfer', first(), second(), '--label', 'label', '--group', 'city', '--strengths', '3']
    const { code, stdout, stderr } = await start([...asked, '--json'])
    expect([code, stderr.includes('second has no column city')]).toEqual([0, true])
    const { sites, runs } = JSON.parse(stdout) as { readonly runs: readonly { readonly name: string }[]; readonly sites: readonly { readonly site: string; readonly cells: readonly (readonly Cell[])[] }[] }
    expect(runs.map(({ name }) => name)).toEqual(['first', 'second'])
    expect(sites).toHaveLength(4)
    for (const { cells } of sites) {
      for (const cell of cells.flat()) {
        expect(cell.interval[0]).toBeLessThanOrEqual(cell.accuracy)
        expect(cell.rows).toBe(120)
      }
      // No groups on one side: the ten towns that both have are known by their texts.
      expect(cells[0]?.[1]?.byFold).toBe(40)
    }
    const plain = await start([...asked, '--sites', 'blocks.2.block_out'])
    expect(plain.stdout).toMatch(/blocks\.2\.block_out \(logistic\): rows train, columns test\n\s+first\s+second\nfirst\s+[01]\.\d{3} \[/)
  })

  it('similarity of a folder and of two', async () => {
    const { code, stdout } = await start(['similarity', first(), '--json'])
    expect(code).toBe(0)
    const { sites, values, rows } = JSON.parse(stdout) as { readonly sites: readonly string[]; readonly rows: number; readonly values: readonly (readonly (number | null)[])[] }
    expect([rows, sites.length, values[1]?.[1]]).toEqual([120, 4, 1])
    expect(values[0]?.every(value => value === null)).toBe(true)
    const other = await start(['similarity', first(), second(), '--json'])
    expect(other.code).toBe(3)
    expect(JSON.parse(other.stdout)).toMatchObject({ error: { code: 'datasets-differ' } })
  })

  it('code-length of a finished sweep is printed, kept for the report, and forgotten when it is probed again', async () => {
    const early = await start(['code-length', second(), '--json'])
    expect([early.code, JSON.parse(early.stdout)]).toMatchObject([3, { error: { code: 'sweep-missing' } }])
    const probe = ['probe', first(), '--label', 'label', '--group', 'city', '--strengths', '3', '--sites', 'blocks.*.block_out']
    expect((await start(probe)).code).toBe(0)
    const { code, stdout } = await start(['code-length', first(), '--sites', 'blocks.2.*', '--json'])
    expect(code).toBe(0)
    const { sites: [told] } = JSON.parse(stdout) as { readonly sites: readonly CodeLength[] }
    expect(told).toMatchObject({ site: 'blocks.2.block_out', rows: 120, classes: 2, uniform: 120, controlTask: null })
    // Towns stand in four rows each.
    expect(told!.ends.every(end => end % 4 === 0)).toBe(true)
    expect(told!.labels.blocks.reduce((sum, bits) => sum + bits, told!.naming)).toBeCloseTo(told!.labels.bits, 9)
    const plain = await start(['code-length', first(), '--sites', 'blocks.2.*'])
    expect(plain.stdout).toMatch(/online code of 120 labels of 2 classes in \d+ blocks.*0\.120 kbit\nsite +kbit +compression +C/)
    const report = async (): Promise<string> => {
      expect((await start(['report', first(), '--out', join(folder, 'report'), '--site', 'blocks.2.block_out'])).code).toBe(0)
      return await readFile(join(folder, 'report', 'card.md'), 'utf8')
    }
    expect(await report()).toContain(`| labels | ${told!.labels.bits.toFixed(0)} |`)
    expect((await start(probe)).code).toBe(0)
    expect(await report()).not.toContain('Code length')
  })

  it('erase takes the label out of a site, and the report says so', async () => {
    expect((await start(['probe', first(), '--label', 'label', '--group', 'city', '--strengths', '3', '--sites', 'blocks.*.block_out'])).code).toBe(0)
    const asked = ['erase', first(), '--sites', 'blocks.2.*', '--iterations', '2']
    const { code, stdout } = await start([...asked, '--json'])
    expect(code).toBe(0)
    const { sites: [told] } = JSON.parse(stdout) as { readonly sites: readonly { readonly rows: number; readonly majority: number; readonly leace: { readonly accuracy: number; readonly interval: readonly number[] }; readonly inlp: readonly unknown[] }[] }
    expect(told).toMatchObject({ site: 'blocks.2.block_out', rows: 120, majority: 0.5, leace: { directions: 1, accuracy: 0.5 }, shuffled: { leace: { directions: 1 } } })
    expect(told!.leace.interval).toHaveLength(2)
    expect(told!.inlp.length).toBeLessThanOrEqual(2)
    expect((await start(asked)).stdout).toMatch(/blocks\.2\.block_out: logistic probe on 120 held-out rows, majority class 0\.500\n +directions +accuracy/)
    expect((await start(['report', first(), '--out', join(folder, 'erased'), '--site', 'blocks.2.block_out'])).code).toBe(0)
    expect(await readFile(join(folder, 'erased', 'card.md'), 'utf8')).toMatch(/## Erasure[\s\S]*\| LEACE \| 1 \| 50\.0 % \|/)
    expect((await start(['erase', first(), '--iterations', '0'])).code).toBe(2)
  })

  it('transfer of one folder is a bad argument', async () => {
    expect((await start(['transfer', first(), '--label', 'label'])).code).toBe(2)
  })
})
