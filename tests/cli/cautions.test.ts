import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shared, sharedPresent, start } from './command-line'

const model = join(shared, 'models/zoo/bert/onnx/model.onnx')
if (!sharedPresent) console.log('skipped: cautions on the command line need ../shared')

describe.skipIf(!sharedPresent)('cautions on the command line', () => {
  let folder = ''
  let store = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-cautions-'))
    store = join(folder, 'store')
    // The second row has no text, so that rows of the file and of the activations differ from there on. Towns 0 to 3 are in training and test.
    const rows = Array.from({ length: 120 }, (_, i) =>
      `${i === 1 ? '' : `town${i % 30} is ${(i >> 1) % 2 === 0 ? 'warm' : 'cold'} ${i % 5}`},${(i >> 1) % 2},town${i % 30},${i % 30 < 10 && (i < 90 || i % 30 > 3) ? 'test' : 'train'},${i === 40 ? 'unknown' : i * 1.5},word${i % 70}`)
    await writeFile(join(folder, 'data.csv'), ['statement,label,town,part,price,word', ...rows].join('\n'))
    const { code } = await start(['extract', model, join(folder, 'data.csv'), '--text', 'statement', '--positions', 'first', '--sites', 'hook_embed,blocks.2.block_out', '--out', store])
    expect(code).toBe(0)
  })
  afterAll(async () => { await rm(folder, { recursive: true }) })

  it('name the groups that a test column tears apart first, and the site without variance, on the card too', async () => {
    const { code, stdout, stderr } = await start(['probe', store, '--label', 'label', '--group', 'town', '--test', 'part', '--strengths', '2'])
    expect(code).toBe(0)
    const [first] = stderr.split('\n').filter(line => line.startsWith('Warning: '))
    expect(first).toBe('Warning: 4 of 10 groups of the test rows also occur in training (“town0”, “town2”, “town3” and 1 more), with 11 of 35 test rows: the test score may rest on remembering them. Mark whole groups as test rows, or choose no test column, and groups are kept whole.')
    expect(stdout).toContain('At 1 of 2 sites all rows have the same activations (hook_embed)')
    const out = join(folder, 'report')
    expect((await start(['report', store, '--site', 'hook_embed', '--out', out])).code).toBe(0)
    const card = await readFile(join(out, 'card.md'), 'utf8')
    const cautions = card.slice(card.indexOf('## Cautions'), card.indexOf('## Layers'))
    expect(cautions).toContain('- All rows have the same activations at this site')
    expect(cautions).toContain('- 4 of 10 groups of the test rows also occur in training')
  })

  it('name the cell that keeps a column from being numbers, by its row in the file, and predict the others as numbers', async () => {
    const refused = await start(['probe', store, '--label', 'price', '--json'])
    expect([refused.code, JSON.parse(refused.stdout)]).toEqual([3, { error: {
      code: 'label-all-unique', row: 41,
      message: '118 of 119 labels are numbers; row 41, “unknown”, is the first that is not. All 119 labels are different, so none can be learned from one row and tested on another.',
      hint: 'Predict numbers (--task numeric; in the window Predicted as, Numbers), which leaves rows without a number out, or correct the cell.'
    } }])
    const taken = await start(['probe', store, '--label', 'price', '--task', 'numeric', '--strengths', '2', '--json'])
    expect(taken.code).toBe(0)
    expect(JSON.parse(taken.stdout)).toMatchObject({ task: 'numeric', warnings: expect.arrayContaining(['1 row has no number in “price” and took no part; it is row 41, “unknown”.']) })
  })

  it('refuse nearly as many classes as rows in a sentence', async () => {
    const { code, stdout } = await start(['probe', store, '--label', 'word', '--json'])
    expect([code, JSON.parse(stdout)]).toEqual([3, { error: {
      code: 'label-too-many-classes', hint: 'Choose a label column with fewer distinct values.',
      message: 'There are 70 classes over 119 labelled rows, fewer than two rows a class: 21 classes have a single row, which cannot be both learned and tested.'
    } }])
  })
})
