import { describe, expect, it } from 'vitest'
import { probePlanSchema, type ProbePlan } from '../../../preload/recipe'
import { LayerscopeError } from '../../../main/engine/errors'
import { regressionSweep, sweep, treeSweep, type RegressionInput, type SweepInput, type TreeInput } from '../../../main/engine/probes'
import { mostSeriousFirst } from '../../../main/engine/probes/cautions'
import { seededRandom } from '../../../main/engine/probes/random'
import { noise, pythagorean, treebank } from './made-trees'

const columns = 6

/** Pairs of an affirmed and a negated statement, the label along the first axis; `sites` of the same features. */
function made(rows: number, { sites = ['site'], signal = 3 } = {}): SweepInput & Pick<RegressionInput, 'readSite'> & { readonly values: Float32Array } {
  const random = seededRandom(2)
  const codes = Array.from({ length: rows }, (_, row) => (row + (row >> 1)) % 2)
  const values = Float32Array.from({ length: rows * columns }, (_, at) => 2 * random() - 1 + (at % columns === 0 ? signal * (codes[Math.floor(at / columns)] as number) : 0))
  return {
    values, sites, texts: codes.map((_, row) => `text ${row}`), labels: codes.map(String), groups: null, test: null,
    contrast: { pair: codes.map((_, row) => `pair ${row >> 1}`), polarity: Int8Array.from(codes, (_, row) => row % 2 === 0 ? 1 : -1), topic: null },
    readSite: () => Promise.resolve({ data: Float32Array.from(values), rows, columns })
  }
}

type Summary = Awaited<ReturnType<typeof sweep>>['summary']
const run = async (input: SweepInput, asked: Partial<ProbePlan> = {}): Promise<Summary> =>
  (await sweep(input, { ...probePlanSchema.parse({ task: 'classes', methods: ['mass-mean'], strengths: 3 }), ...asked }, { onSite: () => undefined })).summary

const numbersOf = (input: RegressionInput, asked: Partial<ProbePlan> = {}): ReturnType<typeof regressionSweep> =>
  regressionSweep(input, { ...probePlanSchema.parse({ task: 'numeric', methods: ['ridge'] }), ...asked }, { onSite: () => undefined })

const treesOf = (input: TreeInput): ReturnType<typeof treeSweep> => treeSweep(input, probePlanSchema.parse({ task: 'tree', methods: ['structural'] }), { onSite: () => undefined })

async function reported(failing: Promise<unknown>): Promise<LayerscopeError['report']> {
  const error: unknown = await failing.then(() => new Error('no error'), (caught: unknown) => caught)
  if (!(error instanceof LayerscopeError)) throw error
  return error.report
}

/** The number in column 0 of `made`, with noise. */
function numeric(rows: number, change: (cells: (string | null)[]) => void = () => undefined): RegressionInput {
  const { values, texts, readSite } = made(rows, { signal: 0 })
  const cells: (string | null)[] = Array.from({ length: rows }, (_, row) => (values[row * columns] as number).toFixed(4))
  change(cells)
  return { texts, names: ['price'], columns: [cells], groups: null, test: null, datasetRows: cells.map((_, row) => row + 10), sites: ['site'], readSite }
}

describe('cautions', () => {
  it('are told the most serious first, those of one kind in their order', () => {
    expect(mostSeriousFirst([
      { ground: 'folds', says: 'f' }, { ground: 'rows', says: 'r' }, { ground: 'leak', says: 'l' }, { ground: 'fit', says: 't' }, { ground: 'classes', says: 'c1' }, { ground: 'classes', says: 'c2' }, { ground: 'explained', says: 'e' }
    ])).toEqual(['l', 'e', 'c1', 'c2', 't', 'r', 'f'])
  })

  it('of a sweep begin with the leak and end with the rows that took no part', async () => {
    const input = made(120)
    const groups = input.labels.map((_, row) => `town ${row % 8}`)
    const labels = input.labels.map((label, row) => row === 5 ? null : row < 3 ? 'rare' : label)
    const { warnings } = await run({ ...input, contrast: { pair: null, polarity: null, topic: null }, labels, groups, test: Uint8Array.from(labels, (_, row) => row >= 90 ? 1 : 0), texts: input.labels.map((label, row) => `${label === '1' ? 'yes' : 'no'} ${row}`) }, { methods: ['logistic'] })
    const openings = [/^8 of 8 groups of the test rows also occur/, /^N-grams of the text alone/, /^No test row is “rare”/, /^“rare” has fewer rows/, /^The intervals rest on 8 groups/, /^1 row without a label/]
    const told = warnings.filter(warning => openings.some(opening => opening.test(warning)))
    expect(told.map(warning => openings.findIndex(opening => opening.test(warning)))).toEqual([0, 1, 2, 3, 4, 5])
    expect(told[0]).toBe(warnings[0])
  })
})

describe('groups on both sides of marked test rows', () => {
  const test = Uint8Array.from({ length: 240 }, (_, row) => row >= 200 || row < 3 ? 1 : 0)
  const groups = Array.from(test, (_, row) => row >= 204 ? `held ${row % 12}` : `town ${row % 20}`)
  // Rows 0, 1 and 2, and 200 to 203, are of towns 0, 1, 2 and 3 that also train.
  const sentence = '4 of 16 groups of the test rows also occur in training (“town 0”, “town 1”, “town 2” and 1 more), with 7 of 43 test rows: the test score may rest on remembering them. Mark whole groups as test rows, or choose no test column, and groups are kept whole.'

  it('are counted, named and told first, for classes and for numbers', async () => {
    const classes = await run({ ...made(240), contrast: { pair: null, polarity: null, topic: null }, groups, test })
    expect(classes.warnings[0]).toBe(sentence)
    const numbers = await numbersOf({ ...numeric(240), groups, test })
    expect(numbers.summary.warnings[0]).toBe(sentence)
    const apart = await run({ ...made(240), contrast: { pair: null, polarity: null, topic: null }, groups, test: Uint8Array.from(groups, name => name.startsWith('held') ? 1 : 0) })
    expect(apart.warnings.join()).not.toMatch(/also occur in training/)
  })

  it('are documents for trees', async () => {
    const { columns: words, heads } = treebank(100)
    const sentenceOf = (words.sentence ?? []).map(name => Number(name?.slice(1)))
    const { summary } = await treesOf({
      columns: words, groups: sentenceOf.map(own => `document ${Math.floor(own / 5)}`), test: Uint8Array.from(sentenceOf, own => own < 22 ? 1 : 0),
      sites: ['site'], readSite: () => Promise.resolve({ data: pythagorean(heads, 12), rows: sentenceOf.length, columns: 12 })
    })
    expect(summary.warnings[0]).toMatch(/^1 of 5 groups of the test sentences also occur in training \(“document 4”\), with 2 of 22 test sentences: .* Mark whole groups as test sentences/)
  })
})

describe('a site where all rows have the same activations', () => {
  const note = 'At 1 of 2 sites all rows have the same activations (blocks.0), as an embedding has where every text ends in the same token: the score there is that of always giving one answer.'

  it('is named, at the score of one answer, for every method of classes', async () => {
    const input = made(90, { sites: ['blocks.0', 'blocks.1'] })
    // Values whose mean is not exact in float64, one of them large as in real models.
    const alike = Float32Array.from(input.values, (_, at) => at % columns === 0 ? 3141.59 : 0.1 * (at % columns))
    const constant = { ...input, readSite: (site: string) => site === 'blocks.0' ? Promise.resolve({ data: Float32Array.from(alike), rows: 90, columns }) : input.readSite(site) }
    const methods = ['logistic', 'mass-mean', 'mass-mean-covariance', 'lda', 'nearest-centroid', 'mlp', 'paired-mean-difference', 'paired-first-component', 'ccs', 'ttpd']
    const { sites, notes, warnings, chosen } = await run(constant, { methods, strengths: 1 })
    expect(notes).toContain(note)
    expect(warnings.join()).not.toMatch(/same activations/)
    expect(chosen?.site).toBe('blocks.1')
    for (const { site, remarks, metrics, controls } of sites) {
      expect(remarks?.includes('constant')).toBe(site === 'blocks.0')
      // Pairs are whole in every fold: half the rows are right whatever the one answer is.
      if (site === 'blocks.0') expect([metrics.accuracy, controls.majority]).toEqual([0.5, 0.5])
      else expect(metrics.accuracy).toBeGreaterThan(0.6)
    }
  })

  it('is named for numbers, with an R² of nothing, and for trees', async () => {
    const input = numeric(90)
    const alike = { data: new Float32Array(90 * columns).fill(0.3), rows: 90, columns }
    const { summary } = await numbersOf({ ...input, sites: ['blocks.0', 'blocks.1'], readSite: site => site === 'blocks.0' ? Promise.resolve({ ...alike, data: Float32Array.from(alike.data) }) : input.readSite(site) })
    expect(summary.notes).toContain(note)
    expect(summary.sites.map(({ remarks }) => remarks)).toEqual([['constant'], []])
    expect(summary.sites[0]?.measures[0]?.value).toBeLessThanOrEqual(0)
    const { columns: words, heads } = treebank(60)
    const rows = heads.flat().length
    const trees = await treesOf({ columns: words, groups: null, test: null, sites: ['blocks.0', 'blocks.1'], readSite: site => Promise.resolve({ data: site === 'blocks.0' ? new Float32Array(rows * 8).fill(0.3) : noise(rows * 8, 3), rows, columns: 8 }) })
    expect(trees.summary.notes).toContain(note)
    expect(trees.summary.sites.map(({ remarks }) => remarks)).toEqual([['constant'], []])
  })
})

describe('a column of numbers with a cell of something else', () => {
  const cells = Array.from({ length: 60 }, (_, row) => row === 7 ? 'n/a' : String(row * 1.5))
  const { datasetRows } = numeric(60)

  it('is refused as classes by the cell, with what to ask for', async () => {
    const input = { ...made(60), ...datasetRows ? { datasetRows } : {} }
    expect(await reported(run({ ...input, labels: cells }))).toEqual({
      code: 'label-all-unique', field: 'label', row: 18,
      message: '59 of 60 labels are numbers; row 18, “n/a”, is the first that is not. All 60 labels are different, so none can be learned from one row and tested on another.',
      hint: 'Predict numbers (--task numeric; in the window Predicted as, Numbers), which leaves rows without a number out, or correct the cell.'
    })
    expect(await reported(run({ ...input, labels: cells.map(cell => cell === 'n/a' ? '0' : cell) }))).toMatchObject({ code: 'label-too-many-classes', hint: 'Predict numbers (--task numeric; in the window Predicted as, Numbers).' })
    const words = await reported(run({ ...input, labels: cells.map((_, row) => `word ${row < 40 ? row : 40}`) }))
    expect(words).toEqual({
      code: 'label-too-many-classes', field: 'label', hint: 'Choose a label column with fewer distinct values.',
      message: 'There are 41 classes over 60 labelled rows, fewer than two rows a class: 40 classes have a single row, which cannot be both learned and tested.'
    })
  })

  it('is told of where its numbers recur, so that it could be taken as classes', async () => {
    const labels = Array.from({ length: 240 }, (_, row) => row === 7 ? 'n/a' : String(row % 30))
    const { warnings, task } = await run({ ...made(240), labels }, { methods: ['nearest-centroid'] })
    expect(task).toBe('multiclass')
    expect(warnings).toContain('239 of 240 labels are numbers; row 8, “n/a”, is the first that is not. They were taken as 31 classes: predict numbers (--task numeric; in the window Predicted as, Numbers), which leaves rows without a number out, or correct the cell.')
    // A few numbers are names of classes.
    const few = await run({ ...made(240), labels: labels.map(label => label === 'n/a' ? label : String(Number(label) % 3)) }, { methods: ['nearest-centroid'] })
    expect(few.warnings.join()).not.toMatch(/are numbers/)
  })

  it('is predicted as numbers without the row, which is named', async () => {
    const { summary, actual } = await numbersOf(numeric(60, own => { own[7] = 'n/a'; own[20] = ''; own[30] = '1,234' }))
    expect(summary.warnings).toContain('2 rows have no number in “price” and took no part; the first is row 18, “n/a”.')
    expect(summary.warnings).toContain('1 row without a value took no part.')
    expect([...actual.values].flatMap((value, row) => Number.isNaN(value) ? [row] : [])).toEqual([7, 20, 30])
    expect(await reported(numbersOf(numeric(60, own => own.forEach((_, row) => { if (row % 3 !== 0) own[row] = 'warm' }))))).toMatchObject({
      code: 'target-not-numeric', row: 12, message: '“warm” in the column “price” is not a number; 20 of 60 cells are.'
    })
  })
})

describe('classes on one side of marked test rows', () => {
  it('are named: those never trained, and those never tested', async () => {
    const input = { ...made(120), contrast: { pair: null, polarity: null, topic: null } }
    const test = Uint8Array.from(input.labels, (_, row) => row >= 90 ? 1 : 0)
    const labels = input.labels.map((label, row) => row % 15 === 0 ? (row >= 90 ? 'only tested' : 'only trained') : label)
    const { warnings, sites } = await run({ ...input, labels, test }, { methods: ['nearest-centroid'] })
    expect(warnings).toContain('No training row is “only tested”: the probe cannot predict what only test rows are.')
    expect(warnings).toContain('No test row is “only trained”, which training rows are: what the probe does there is not scored, and the area under the curve has no meaning.')
    expect(sites[0]?.metrics.auroc).toBeNull()
  })
})

describe('two groups', () => {
  const input = { ...made(80, { sites: ['blocks.0', 'blocks.1'] }), contrast: { pair: null, polarity: null, topic: null } }
  const groups = input.labels.map((_, row) => row < 40 ? 'one' : 'other')

  it('leave none to validate on: no site is chosen, and the sweep says so', async () => {
    const { chosen, warnings, notes } = await run({ ...input, groups })
    expect(chosen).toBeNull()
    expect(warnings[0]).toMatch(/^There are so few groups that none was left to validate on: no site was chosen/)
    expect(notes?.join()).not.toMatch(/chosen by its accuracy/)
    expect((await run({ ...input, groups, sites: ['blocks.0'] })).chosen?.site).toBe('blocks.0')
    const numbers = await numbersOf({ ...numeric(80), groups, sites: ['blocks.0', 'blocks.1'] })
    expect([numbers.summary.chosen, numbers.summary.warnings[0]]).toEqual([null, warnings[0]])
  })
})
