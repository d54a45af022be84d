import { describe, expect, it } from 'vitest'
import { openDataset, type OpenDataset, type SkippedRow, type TextRow } from '../../../main/engine/datasets'
import { LayerscopeError } from '../../../main/engine/errors'
import type { ColumnRoles, TextSource } from '../../../preload/recipe'
import { temporaryFolder } from './folder'

const folder = temporaryFolder()
const everything: Parameters<OpenDataset['rows']>[0] = { offset: 0, limit: 100, sort: null, search: '', filter: [], only: null }

async function using<T>(file: string, look: (dataset: OpenDataset) => Promise<T> | T): Promise<T> {
  const dataset = await openDataset(file)
  try {
    return await look(dataset)
  } finally {
    await dataset.close()
  }
}

async function textsOf(dataset: OpenDataset, source: TextSource, span: string | null = null, limit: number | null = null): Promise<{ texts: TextRow[]; skipped: SkippedRow[] }> {
  const all: { texts: TextRow[]; skipped: SkippedRow[] } = { texts: [], skipped: [] }
  for await (const { texts, skipped } of dataset.texts(source, span === null ? null : { kind: 'value', column: span }, limit)) {
    all.texts.push(...texts)
    all.skipped.push(...skipped)
  }
  return all
}

const cities = (): string => folder.write('cities.csv', 'city,country,text,label\nParis,France,Paris is in France,1\nŁódź,Poland,🙂 Łódź is in Poland,1\n,Spain,Spain,0\nLa Paz,,  ,0\nRome,Italy,Rome not Rome is it,\n')

describe('texts', () => {
  it('renders a template and finds the span through it', async () => {
    await using(cities(), async (dataset) => {
      const { texts, skipped } = await textsOf(dataset, { kind: 'template', template: '{{{city}}} and { city } 🙂 in {country}.' }, 'city')
      expect(texts).toEqual([
        { row: 0, text: '{Paris} and Paris 🙂 in France.', span: [12, 17] },
        { row: 1, text: '{Łódź} and Łódź 🙂 in Poland.', span: [11, 15] },
        { row: 4, text: '{Rome} and Rome 🙂 in Italy.', span: [11, 15] }
      ])
      expect(skipped).toEqual([{ row: 2, reason: '“city” is empty.' }, { row: 3, reason: '“country” is empty.' }])
    })
  })

  it('finds the last occurrence of a span column in a plain text', async () => {
    await using(cities(), async (dataset) => {
      const { texts, skipped } = await textsOf(dataset, { kind: 'column', column: 'text' }, 'city')
      expect(texts.map(({ row, text, span }) => [row, span, span === null ? null : text.slice(...span)])).toEqual([[0, [0, 5], 'Paris'], [1, [3, 7], 'Łódź'], [4, [9, 13], 'Rome']])
      expect(skipped).toEqual([{ row: 2, reason: 'The value of “city” is not in the text.' }, { row: 3, reason: 'The text is empty.' }])
    })
  })

  it('reads no more rows than asked for', async () => {
    await using(cities(), async (dataset) => {
      expect((await textsOf(dataset, { kind: 'column', column: 'country' }, null, 2)).texts.map((row) => row.text)).toEqual(['France', 'Poland'])
    })
  })

  it.each([
    ['{cty} is', 'column-unknown', 'There is no column “cty”.', 'Did you mean “city”?'],
    ['The {city is', 'template-invalid', 'A { in the template is never closed.', 'Write a column as {name}; a brace itself as {{ or }}.'],
    ['The city} is', 'template-invalid', 'A } in the template has no { before it.', 'Write a column as {name}; a brace itself as {{ or }}.'],
    ['The {} is', 'template-invalid', 'The template has braces without a column name.', 'Write a column as {name}; a brace itself as {{ or }}.']
  ])('refuses the template %s', async (template, code, message, hint) => {
    await using(cities(), async (dataset) => {
      const failure = await textsOf(dataset, { kind: 'template', template }).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(LayerscopeError)
      expect((failure as LayerscopeError).report).toMatchObject({ code, message, hint })
      const check = await dataset.check({ text: { kind: 'template', template }, label: null, moreTargets: [], group: null, test: null, pair: null, polarity: null, topic: null })
      expect(check.usableRows).toBe(0)
      expect(check.problems[0]?.message).toContain(hint)
    })
  })

  it('streams while other queries run', async () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `statement ${index}`)
    await using(folder.write('stream.txt', lines.join('\n')), async (dataset) => {
      let seen = 0
      for await (const { texts } of dataset.texts({ kind: 'column', column: 'text' }, null, null)) {
        expect(texts.length).toBeLessThanOrEqual(4096)
        expect(texts[0]?.text).toBe(`statement ${seen}`)
        expect((await dataset.row(seen))[0]?.value).toBe(`statement ${seen}`)
        seen += texts.length
      }
      expect(seen).toBe(10_000)
    })
  })
})

describe('check', () => {
  const roles = (label: string, more: Partial<ColumnRoles> = {}): ColumnRoles => ({ text: { kind: 'column', column: 'text' }, label, moreTargets: [], group: null, test: null, pair: null, polarity: null, topic: null, ...more })
  const table = (): string => folder.write('roles.csv', [
    'text,two,three,many,amount,same,mark,never,entity,price',
    ...Array.from({ length: 60 }, (_, index) => `text ${index},${index % 2 === 0 ? 'yes' : 'no'},${index % 3},word${index},${index * 1.5},x,${index < 10 ? 'TRUE' : 'false'},0,e${Math.floor(index / 5)},${index === 36 ? 'n/a' : index % 30}`)
  ].join('\n'))

  it.each([
    ['two', 'binary', ['no', 'yes'], []],
    ['three', 'multiclass', ['0', '1', '2'], []],
    ['amount', 'numeric', [], []],
    ['same', 'multiclass', ['x'], ['Every row has the same “same”, “x”: there is nothing to tell apart.']],
    ['many', 'multiclass', null, ['“many” has 60 different values in 60 rows: too few rows a class to learn from.', '60 classes have a single row: they cannot be both learned and tested.']]
  ])('label %s is %s', async (label, task, names, problems) => {
    await using(table(), async (dataset) => {
      const check = await dataset.check(roles(label))
      expect(check.task).toBe(task)
      if (names !== null) expect(check.classes.map((entry) => entry.name)).toEqual(names)
      expect(check.problems.map((problem) => problem.message)).toEqual(problems)
      expect(check.usableRows).toBe(60)
      expect(check.examples).toEqual(['text 0', 'text 1', 'text 2', 'text 3', 'text 4'])
    })
  })

  it('counts groups and test marks', async () => {
    await using(table(), async (dataset) => {
      const good = await dataset.check(roles('two', { group: 'entity', test: 'mark' }))
      expect(good).toMatchObject({ groups: 12, problems: [] })
      const bad = await dataset.check(roles('two', { group: 'same', test: 'never' }))
      expect(bad.problems.map((problem) => problem.message)).toEqual(['“same” has a single value: rows cannot be split by it.', '“never” marks no row as test (true, 1 or “test”).'])
    })
  })

  it('names the groups of which some rows are marked as test and others are not', async () => {
    await using(table(), async (dataset) => {
      const torn = await dataset.check(roles('two', { group: 'three', test: 'mark' }))
      expect(torn.problems.map((problem) => problem.message)).toEqual([
        '“mark” and “three” disagree: 3 groups of the 3 with test rows also have training rows (“0”, “1”, “2”). Mark whole groups as test, or choose no test column.'
      ])
    })
  })

  it('names the cell that makes a column of numbers one of text, and leaves its row out where numbers are asked for', async () => {
    await using(table(), async (dataset) => {
      const guessed = await dataset.check(roles('price'))
      expect(guessed.task).toBe('multiclass')
      expect(guessed.problems).toContainEqual({
        row: 37, message: '59 of 60 values of “price” are numbers; “n/a” is the first that is not, so they are read as classes. Correct it, or choose Predicted as, Numbers, which leaves such rows out.'
      })
      const asked = await dataset.check(roles('price'), 'numeric')
      expect(asked).toMatchObject({ task: 'numeric', usableRows: 59, targets: [{ name: 'price', min: 0, max: 29 }] })
      expect(asked.problems).toEqual([{ row: 37, message: '1 row has no number in “price” and will take no part in the probe; it holds “n/a”.' }])
      expect((await dataset.check(roles('price'), 'classes')).problems.map((problem) => problem.message).join()).not.toMatch(/are numbers/)
      expect((await dataset.check(roles('many'), 'numeric')).problems.map((problem) => problem.message)).toEqual(['“many” holds text, not numbers: predict it as classes.'])
    })
  })

  it('looks at pairs and polarity', async () => {
    const pairs = folder.write('pairs.csv', ['text,label,twin,polarity,odd', ...Array.from({ length: 24 }, (_, row) =>
      `text ${row},${row % 2},p${Math.floor(row / 2)},${row % 4 < 2 ? 1 : -1},${row < 2 ? 'maybe' : 'yes'}`)].join('\n'))
    await using(pairs, async (dataset) => {
      expect(dataset.summary.suggested).toMatchObject({ label: 'label', pair: 'twin', polarity: 'polarity' })
      expect((await dataset.check(roles('label', { pair: 'twin', polarity: 'polarity' }))).problems).toEqual([])
      const bad = await dataset.check(roles('label', { pair: 'polarity', polarity: 'odd' }))
      expect(bad.problems.map((problem) => problem.message)).toEqual([
        'No value of “polarity” stands in exactly two rows with different “label”: there are no contrast pairs.',
        '“odd” holds “maybe”, which is neither affirmative (affirmative, 1, true, yes) nor negated (negated, −1, 0, false, no).'
      ])
    })
  })

  it('names rows without text or label', async () => {
    await using(folder.write('gaps.csv', 'text,label\na,1\n,0\nc,\nd,0\n  ,1\n'), async (dataset) => {
      const check = await dataset.check(roles('label'))
      expect(check.usableRows).toBe(2)
      expect(check.classes).toEqual([{ name: '0', rows: 1 }, { name: '1', rows: 1 }])
      expect(check.problems.map((problem) => problem.message)).toEqual([
        '2 rows have no text and will be left out (rows 2, 5).',
        '1 row has no “label” and will take no part in the probe (row 3).',
        '2 classes have a single row: they cannot be both learned and tested.'
      ])
    })
  })
})

describe('suggested roles', () => {
  it('takes the group that recurs across labels, with a reason, and the test mark', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => `The city of c${index >> 1} is in k${index % 7}.,${index % 2},c${index >> 1},k${index % 7},${index < 8 ? 1 : 0}`)
    await using(folder.write('suggest.csv', `sentence,label,city,country,is_test\n${rows.join('\n')}\n`), (dataset) => {
      expect(dataset.summary.suggested).toEqual({ text: { kind: 'column', column: 'sentence' }, label: 'label', group: 'city', test: 'is_test', pair: 'city' })
      expect(dataset.summary.groupReason).toBe('20 of the 20 values of “city” stand beside more than one “label”: keeping the rows of one value in one fold stops the probe from recognising them.')
    })
  })

  it('suggests no group where none recurs across labels', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => `Long sentence number ${index} here,${index % 2},k${index % 10}`)
    await using(folder.write('nogroup.csv', `body,kind,place\n${rows.join('\n')}\n`), (dataset) => {
      expect(dataset.summary.suggested).toEqual({ text: { kind: 'column', column: 'body' }, label: 'kind' })
      expect(dataset.summary.groupReason).toBeNull()
    })
  })
})

describe('rows', () => {
  const table = (): string => folder.write('rows.csv', 'name,size,ok\nbanana,10,true\nApple,9,false\ncherry,,true\napple pie,100,\n100% rye,1,false\n')

  it('sorts numbers by value, text without case, missing last', async () => {
    await using(table(), async (dataset) => {
      const order = async (column: string, descending: boolean): Promise<readonly number[]> => (await dataset.rows({ ...everything, sort: { column, descending } })).rows.map((row) => row.row)
      expect(await order('size', false)).toEqual([4, 1, 0, 3, 2])
      expect(await order('size', true)).toEqual([3, 0, 1, 4, 2])
      expect(await order('name', false)).toEqual([4, 1, 3, 0, 2])
    })
  })

  it('searches without case and without patterns, filters, pages, keeps to given rows', async () => {
    await using(table(), async (dataset) => {
      const found = async (query: Partial<Parameters<OpenDataset['rows']>[0]>): Promise<[number, readonly number[]]> => {
        const page = await dataset.rows({ ...everything, ...query })
        return [page.total, page.rows.map((row) => row.row)]
      }
      expect(await found({ search: 'APPLE' })).toEqual([2, [1, 3]])
      expect(await found({ search: '0%' })).toEqual([1, [4]])
      expect(await found({ search: "'; DROP" })).toEqual([0, []])
      expect(await found({ filter: [{ column: 'ok', equals: true }] })).toEqual([2, [0, 2]])
      expect(await found({ filter: [{ column: 'ok', equals: null }] })).toEqual([1, [3]])
      expect(await found({ filter: [{ column: 'size', equals: 10 }, { column: 'ok', equals: true }] })).toEqual([1, [0]])
      expect(await found({ only: Int32Array.of(4, 0, 2), limit: 2 })).toEqual([3, [0, 2]])
      expect(await found({ offset: 3, limit: 10 })).toEqual([5, [3, 4]])
      await expect(dataset.rows({ ...everything, sort: { column: 'nmae', descending: false } })).rejects.toMatchObject({ report: { code: 'column-unknown', hint: 'Did you mean “name”?' } })
      expect(await dataset.row(2)).toEqual([{ column: 'name', value: 'cherry' }, { column: 'size', value: null }, { column: 'ok', value: true }])
      await expect(dataset.row(5)).rejects.toMatchObject({ report: { code: 'row-unknown' } })
    })
  })

  it('gives columns to colour by', async () => {
    const lines = Array.from({ length: 600 }, (_, index) => `w${index < 300 ? index : 0},${index === 5 ? '' : index / 4},${index % 3}`)
    await using(folder.write('colours.csv', `word,amount,class\n${lines.join('\n')}\n`), async (dataset) => {
      const amount = await dataset.columnValues('amount')
      expect(amount).toMatchObject({ kind: 'numeric', min: 0, max: 149.75 })
      expect(amount.kind === 'numeric' ? [amount.values[4], amount.values[5], amount.values[599]] : null).toEqual([1, NaN, 149.75])
      expect(await dataset.columnValues('class')).toMatchObject({ kind: 'categorical', categories: ['0', '1', '2'] })
      const word = await dataset.columnValues('word')
      if (word.kind !== 'categorical') throw new Error('words are categories')
      expect(word.categories).toHaveLength(256)
      expect(word.categories[0]).toBe('w0')
      expect(word.categories[255]).toBe('other')
      expect(new Set(word.codes).size).toBe(256)
      expect(Array.from(word.codes.slice(300, 303))).toEqual([0, 0, 0])
    })
  })
})

describe('size', () => {
  it('opens and streams 200,000 rows in flat memory', async () => {
    const filler = 'ordinary words that make the row as long as a usual statement is '.repeat(4)
    const lines = ['text,label,entity']
    for (let index = 0; index < 200_000; index++) lines.push(`${index} ${filler},${index % 2},e${index >> 2}`)
    const file = folder.write('large.csv', lines.join('\n'))
    lines.length = 0
    await using(file, async (dataset) => {
      expect(dataset.summary.rows).toBe(200_000)
      expect(dataset.summary.suggested.group).toBe('entity')
      const before = process.memoryUsage().rss
      let peak = 0
      let count = 0
      for await (const { texts } of dataset.texts({ kind: 'template', template: '{text} {entity}' }, { kind: 'value', column: 'entity' }, null)) {
        count += texts.length
        peak = Math.max(peak, process.memoryUsage().rss - before)
      }
      expect(count).toBe(200_000)
      // The texts are 55 MB as UTF-8 and more as strings: what is held is a chunk and the collector's slack.
      expect(peak).toBeLessThan(120e6)
    })
  })
})

describe('opening that is cancelled', () => {
  const file = (): string => folder.write('many.csv', `text,label\n${Array.from({ length: 400_000 }, (_, row) => `A statement about number ${row},${row % 2}`).join('\n')}\n`)

  it.each([['while the file is read', 0], ['while its rows are loaded', 60]])('%s ends in the signal’s reason, and the file opens afterwards', async (_when, ms) => {
    const many = file()
    const controller = new AbortController()
    setTimeout(() => controller.abort(), ms)
    await expect(openDataset(many, {}, controller.signal)).rejects.toMatchObject({ name: 'AbortError' })
    const dataset = await openDataset(many)
    expect(dataset.summary.rows).toBe(400_000)
    await dataset.close()
  })
})
