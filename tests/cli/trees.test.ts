import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { smallTreebank } from '../small-treebank'
import { start } from './command-line'

const model = fileURLToPath(new URL('../../resources/models/minilm', import.meta.url))

interface Sweep {
  readonly task: string
  readonly warnings: readonly string[]
  readonly chosen: { readonly site: string; readonly measure: string; readonly testScore: number }
  readonly sites: readonly { readonly kind: string; readonly method: string; readonly measures: readonly { readonly name: string; readonly value: number; readonly baselines: readonly { readonly name: string; readonly value: number }[] }[] }[]
}

describe('trees on the command line', () => {
  let folder = ''
  let store = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-trees-'))
    store = join(folder, 'store')
    await writeFile(join(folder, 'small.conllu'), smallTreebank(120))
    expect((await start(['extract', model, join(folder, 'small.conllu'), '--sites', 'hook_embed,blocks.2.block_out', '--out', store])).code).toBe(0)
  })
  afterAll(async () => { await rm(folder, { recursive: true }) })

  it('count and name the sentences that extraction leaves out', async () => {
    const broken = join(folder, 'broken.conllu')
    const word = (id: number, head: number): string => [id, 'bark', 'bark', 'NOUN', '_', '_', head, head === 0 ? 'root' : 'dep', '_', '_'].join('\t')
    await writeFile(broken, `${smallTreebank(6).trimEnd()}\n\n${word(1, 2)}\n${word(2, 1)}\n\n`)
    const { code, stdout, stderr } = await start(['extract', model, broken, '--sites', 'hook_embed', '--out', join(folder, 'broken'), '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ problemCount: 1, problems: [{}] })
    expect(stderr).toMatch(/1 sentence of the dataset could not be read and was left out; the first: .+/)
  })

  it('are probed without a label: four measures beside their controls, as JSON and as a table', async () => {
    const { code, stdout } = await start(['probe', store, '--task', 'tree', '--json'])
    expect(code).toBe(0)
    const sweep = JSON.parse(stdout) as Sweep
    expect(sweep).toMatchObject({ task: 'tree', chosen: { measure: 'uuas' } })
    expect(sweep.warnings).toContain('1 sentence of one word has no arc and took no part.')
    expect(sweep.sites).toHaveLength(2)
    for (const { kind, method, measures } of sweep.sites) {
      expect([kind, method]).toEqual(['trees', 'structural'])
      expect(measures.map(({ name }) => name)).toEqual(['uuas', 'distanceSpearman', 'rootAccuracy', 'depthSpearman'])
    }
    // The second block knows the parse of such plain sentences better than neighbourhood does.
    const uuas = sweep.sites[1]?.measures[0]
    for (const { value } of uuas?.baselines ?? []) expect(uuas?.value).toBeGreaterThan(value + 0.1)
    const table = (await start(['probe', store, '--task', 'tree'])).stdout
    expect(table).toMatch(/site\s+UUAS\s+95 % interval\s+DSpr\s+root\s+NSpr\s+shuffled\s+linear tree/)

    const report = await start(['report', store, '--out', join(folder, 'report'), '--json'])
    expect(report.code).toBe(0)
    const card = await readFile(join(folder, 'report', 'card.md'), 'utf8')
    expect(card).toContain('dependency tree of every sentence')
    expect(card).toContain('| UUAS |')
  })

  it('run from a recipe, whose session keeps the parse', async () => {
    const recipe = {
      format: 'layerscope-recipe', version: 1, model: { path: model }, dataset: { path: 'small.conllu', roles: { text: { kind: 'column', column: 'text' }, label: 'upos', group: 'sentence' } },
      extraction: { positions: { kind: 'word' }, sites: ['blocks.2.block_out'] }, probe: { task: 'tree' }
    }
    await writeFile(join(folder, 'recipe.json'), JSON.stringify(recipe))
    const { code, stdout } = await start(['run', join(folder, 'recipe.json'), '--out', join(folder, 'trees.layerscope'), '--projections', 'none', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ run: { status: 'complete', sweep: { task: 'tree', sites: [{ kind: 'trees' }] } } })
  })

  it('are refused where the rows hold none, and a probe of nothing is', async () => {
    await writeFile(join(folder, 'plain.csv'), 'text,label\nThe sky is blue,1\nThe grass is red,0\n')
    expect((await start(['extract', model, join(folder, 'plain.csv'), '--text', 'text', '--sites', 'hook_embed', '--out', join(folder, 'plain')])).code).toBe(0)
    const refused = await start(['probe', join(folder, 'plain'), '--task', 'tree', '--json'])
    expect(refused.code).toBe(3)
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'tree-columns-missing', hint: 'Open a CoNLL-U file word by word.' } })
    const nothing = await start(['probe', store, '--json'])
    expect(nothing.code).toBe(2)
    expect(JSON.parse(nothing.stdout)).toMatchObject({ error: { code: 'arguments-invalid', message: 'probe needs --label, or --task tree.' } })
  })
})
