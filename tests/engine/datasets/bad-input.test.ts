import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDataset, type OpenDataset } from '../../../main/engine/datasets'
import { LayerscopeError } from '../../../main/engine/errors'
import { temporaryFolder } from './folder'

const folder = temporaryFolder()

async function refusal(file: string): Promise<LayerscopeError['report']> {
  try {
    const dataset = await openDataset(file)
    await dataset.close()
  } catch (error) {
    if (error instanceof LayerscopeError) return error.report
    throw error
  }
  throw new Error(`${file} was opened`)
}

async function using<T>(file: string, look: (dataset: OpenDataset) => Promise<T> | T, read = {}): Promise<T> {
  const dataset = await openDataset(file, read)
  try {
    return await look(dataset)
  } finally {
    await dataset.close()
  }
}

describe('files that cannot be opened', () => {
  const wide = (text: string, mark: readonly number[], littleEndian: boolean): Uint8Array => {
    const bytes = Buffer.from(text, 'utf16le')
    return Buffer.concat([Buffer.from(mark), littleEndian ? bytes : bytes.swap16()])
  }
  const table = 'text,label\na,1\nb,0\n'

  it.each([
    ['empty.csv', '', 'dataset-empty', 'The file is empty.'],
    ['blank.csv', '\n \n', 'dataset-empty', 'The file holds nothing but white space.'],
    ['header.csv', 'text,label\n', 'dataset-empty', 'The file has a header and no rows.'],
    ['header-no-newline.csv', 'text,label', 'dataset-empty', 'The file has a header and no rows.'],
    ['little.csv', wide(table, [0xff, 0xfe], true), 'dataset-encoding', 'The file is encoded in UTF-16, not UTF-8.'],
    ['big.csv', wide(table, [0xfe, 0xff], false), 'dataset-encoding', 'The file is encoded in UTF-16, not UTF-8.'],
    ['unmarked.csv', wide(table, [], true), 'dataset-encoding', 'The file is encoded in UTF-16, not UTF-8.'],
    ['binary.csv', Uint8Array.from({ length: 4000 }, (_, index) => (index * 7919) % 256), 'dataset-binary', 'The file is not text: it holds binary data.'],
    ['sheet.csv', Buffer.from('PK\u0003\u0004 the rest of a spreadsheet', 'latin1'), 'dataset-binary', 'The file is not text: it holds binary data.'],
    ['broken.json', '[{"text":"a"},{"text":', 'dataset-unreadable', /^The file cannot be read as JSON: Malformed JSON/],
    ['object.json', '{"data":[{"text":"a"}]}', 'dataset-unreadable', /^The file cannot be read as JSON: Expected top-level JSON array/],
    ['numbers.json', '[1,2]', 'dataset-unreadable', 'The file holds no JSON object.'],
    ['broken.parquet', 'PAR1 nothing more', 'dataset-unreadable', /^The file cannot be read as PARQUET: /],
    ['every-row.csv', 'text,label\na,1,2\nb,1,2\n', 'dataset-empty', /^No row of the file could be read. The first one: This row has 3 values where the header has 2/]
  ] as const)('%s', async (name, content, code, message) => {
    const file = folder.write(name, content)
    const report = await refusal(file)
    expect(report).toMatchObject({ code, file })
    if (typeof message === 'string') expect(report.message).toBe(message)
    else expect(report.message).toMatch(message)
  })

  it('says that a file is missing, or a folder', async () => {
    const missing = join(folder.path, 'missing.csv')
    expect(await refusal(missing)).toMatchObject({ code: 'file-missing', file: missing, hint: expect.stringContaining('choose it again') as string })
    mkdirSync(join(folder.path, 'directory.csv'))
    expect(await refusal(join(folder.path, 'directory.csv'))).toMatchObject({ code: 'dataset-unreadable', message: 'This is a folder, not a dataset.' })
  })
})

describe('rows that cannot be read are left out and named', () => {
  it('ragged rows, counted as data rows though a value holds a line break', async () => {
    await using(folder.write('ragged.csv', 'text,label\n"two\nlines",1\na,1\nb\nc,1,2\nd,0\n'), async (dataset) => {
      expect(await dataset.textColumn('text')).toEqual(['two\nlines', 'a', 'd'])
      expect(dataset.summary.problems).toEqual([
        { row: 3, message: 'This row has 1 value where the header has 2, and was left out.' },
        { row: 4, message: 'This row has 3 values where the header has 2, and was left out.' }
      ])
    })
  })

  it('a quotation mark that is never closed', async () => {
    await using(folder.write('quote.csv', 'text,label\na,1\n"open,1\nb,0\n'), async (dataset) => {
      expect(await dataset.textColumn('text')).toEqual(['a'])
      expect(dataset.summary.problems).toEqual([{ row: 2, message: expect.stringMatching(/^A quotation mark in this row is never closed/) as string }])
    })
  })

  it('bytes that are not UTF-8', async () => {
    const content = Buffer.concat([Buffer.from('text,label\na,1\nbad '), Buffer.from([0xff, 0xfe]), Buffer.from(' bytes,0\nçedille,1\n')])
    await using(folder.write('utf8.csv', content), async (dataset) => {
      expect(await dataset.textColumn('text')).toEqual(['a', 'çedille'])
      expect(dataset.summary.problems).toEqual([{ row: 2, message: 'This row holds bytes that are not UTF-8, and was left out.' }])
    })
  })

  it('a cell of 100 million bytes, wherever it stands', async () => {
    const huge = Buffer.alloc(100_000_000, 'x')
    for (const [name, before, after, kept, row] of [
      ['first.csv', 'text,label\n', ',0\nc,1\n', ['c'], 1],
      ['middle.csv', 'text,label\na,1\n', ',0\nc,1\n', ['a', 'c'], 2],
      ['last.csv', 'text,label\na,1\n', ',0\n', ['a'], 2]
    ] as const) {
      await using(folder.write(name, Buffer.concat([Buffer.from(before), huge, Buffer.from(after)])), async (dataset) => {
        expect(await dataset.textColumn('text')).toEqual(kept)
        expect(dataset.summary.problems).toEqual([{ row, message: 'This row is longer than 2 million bytes and was left out.' }])
      })
    }
  })

  it('broken lines of JSONL', async () => {
    await using(folder.write('broken.jsonl', '{"text":"a","label":1}\n{"text":"b",\n"string"\n{"text":"c","a/b~c":[1]}\n'), async (dataset) => {
      expect(await dataset.textColumn('text')).toEqual(['a', 'c'])
      expect(await dataset.textColumn('a/b~c')).toEqual([null, '[1]'])
      expect(dataset.summary.problems).toEqual([
        { row: 2, message: 'This line is not valid JSON, and was left out.' },
        { row: 3, message: 'This entry is not an object with columns, and was left out.' }
      ])
    })
  })

  it('counts problems beyond the hundred it lists', async () => {
    const lines = Array.from({ length: 250 }, (_, index) => (index % 2 === 0 ? `text ${index},1` : 'short'))
    await using(folder.write('many.csv', `text,label\n${lines.join('\n')}\n`), (dataset) => {
      expect(dataset.summary.rows).toBe(125)
      expect(dataset.summary.problems).toHaveLength(100)
      expect(dataset.summary.problemCount).toBe(125)
      expect(dataset.summary.problems[0]?.row).toBe(2)
      expect(dataset.summary.problems[99]?.row).toBe(200)
    })
  })
})

describe('oddities that load, with a sentence', () => {
  it('NUL characters', async () => {
    await using(folder.write('nul.csv', 'text,label\na,1\nb\u0000c,0\n'), async (dataset) => {
      expect(await dataset.textColumn('text')).toEqual(['a', 'b\u0000c'])
      expect(dataset.summary.problems).toEqual([{ row: 2, message: 'This row holds a NUL character; it was loaded with it.' }])
    })
  })

  it('a header that repeats names', async () => {
    await using(folder.write('duplicate.csv', 'name,Name,name_2,,name\na,b,c,d,e\n'), async (dataset) => {
      expect(dataset.summary.columns.map((column) => column.name)).toEqual(['name', 'Name_2', 'name_2_2', 'column_4', 'name_3'])
      expect(dataset.summary.problems.map((problem) => problem.message)).toContain('The header says “name” more than once: column 5 is called “name_3”.')
      expect(await dataset.textColumn('Name_2')).toEqual(['b'])
    })
  })

  it('the wrong delimiter', async () => {
    const file = folder.write('wrong.csv', 'text;label\nThe sky, it is blue.;1\nSnow is black.;0\n')
    await using(file, (dataset) => {
      expect(dataset.summary.columns.map((column) => column.name)).toEqual(['text;label'])
      expect(dataset.summary.problems).toEqual([{
        row: null,
        message: 'Cut at a comma the file has a single column, but a semicolon cuts its rows into 2 values: read it with a semicolon as delimiter.'
      }])
    }, { delimiter: ',' })
    await using(file, (dataset) => { expect(dataset.summary.columns.map((column) => column.name)).toEqual(['text', 'label']) }, { delimiter: ';' })
    await using(file, (dataset) => { expect(dataset.summary.problems).toEqual([]) })
  })

  it('one column of sentences with commas', async () => {
    await using(folder.write('single.csv', 'text\nFirst, second.\nThird\n"Quoted, too"\n'), async (dataset) => {
      expect(await dataset.textColumn('text')).toEqual(['First, second.', 'Third', 'Quoted, too'])
      expect(dataset.summary.problems).toEqual([])
    })
  })

  it('no header', async () => {
    await using(folder.write('plain.csv', 'The sky is blue.,1\nSnow is black.,0\n'), async (dataset) => {
      expect(dataset.summary.columns.map((column) => column.name)).toEqual(['column_1', 'column_2'])
      expect(await dataset.textColumn('column_2')).toEqual(['1', '0'])
      expect(dataset.summary.problems).toEqual([{ row: null, message: expect.stringContaining('read as data') as string }])
    })
  })

  it('no label column', async () => {
    await using(folder.write('unlabelled.csv', 'id,text\nx1,The sky is blue today.\nx2,Snow is black at night.\nx3,Grass is green in spring.\n'), async (dataset) => {
      expect(dataset.summary.suggested).toEqual({ text: { kind: 'column', column: 'text' } })
      const check = await dataset.check({ text: { kind: 'column', column: 'text' }, label: 'label', moreTargets: [], group: null, test: null, pair: null, polarity: null, topic: null })
      expect(check).toMatchObject({ task: 'none', usableRows: 0 })
      expect(check.problems[0]?.message).toMatch(/^The label “label” is not a column\. The columns are “id”, “text”\.$/)
      expect((await dataset.check({ text: { kind: 'column', column: 'text' }, label: null, moreTargets: [], group: null, test: null, pair: null, polarity: null, topic: null })).problems).toEqual([])
    })
  })
})
