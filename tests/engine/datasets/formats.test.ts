import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openDataset, readParquetColumns } from '../../../main/engine/datasets'
import { temporaryFolder } from './folder'

const folder = temporaryFolder()
const cities = fileURLToPath(new URL('../../../../shared/data/truth/cities.csv', import.meta.url))
if (!existsSync(cities)) console.log('Skipped: ../shared is absent.')

describe('formats', () => {
  const asText = [['The sky is blue.', '1', '0.5', 'true'], ['Snow is black.', '0', '1.25', 'false'], ['Say "hi", please', '1', null, 'true']]

  it.each([
    ['table.csv', 'text,label,score,ok\nThe sky is blue.,1,0.5,true\nSnow is black.,0,1.25,false\n"Say ""hi"", please",1,,true\n'],
    ['bom.csv', '\ufefftext,label,score,ok\r\nThe sky is blue.,1,0.5,true\r\nSnow is black.,0,1.25,false\r\n"Say ""hi"", please",1,,true\r\n'],
    ['semicolon.csv', 'text;label;score;ok\nThe sky is blue.;1;0.5;true\nSnow is black.;0;1.25;false\n"Say ""hi"", please";1;;true\n'],
    ['table.tsv', 'text\tlabel\tscore\tok\nThe sky is blue.\t1\t0.5\ttrue\nSnow is black.\t0\t1.25\tfalse\n"Say ""hi"", please"\t1\t\ttrue\n'],
    ['table.jsonl', '{"text":"The sky is blue.","label":1,"score":0.5,"ok":true}\n{"text":"Snow is black.","label":0,"score":1.25,"ok":false}\n{"text":"Say \\"hi\\", please","label":1.0,"score":null,"ok":true}\n'],
    ['table.json', '[{"text":"The sky is blue.","label":1,"score":0.5,"ok":true},{"text":"Snow is black.","label":0.0,"score":1.25,"ok":false},{"text":"Say \\"hi\\", please","label":1,"ok":true}]']
  ])('reads %s', async (name, content) => {
    const dataset = await openDataset(folder.write(name, content))
    try {
      expect(dataset.summary.problems).toEqual([])
      expect(dataset.summary.rows).toBe(3)
      expect(dataset.summary.columns.map((column) => [column.name, column.type, column.distinct, column.missing])).toEqual([
        ['text', 'text', 3, 0], ['label', 'integer', 2, 0], ['score', 'number', 2, 1], ['ok', 'boolean', 2, 0]
      ])
      expect(dataset.summary.columns[2]).toMatchObject({ min: 0.5, max: 1.25 })
      expect(dataset.summary.preview).toEqual([['The sky is blue.', 1, 0.5, true], ['Snow is black.', 0, 1.25, false], ['Say "hi", please', 1, null, true]])
      const columns = await Promise.all(['text', 'label', 'score', 'ok'].map((column) => dataset.textColumn(column)))
      expect([0, 1, 2].map((row) => columns.map((column) => column[row]))).toEqual(asText)
    } finally {
      await dataset.close()
    }
  })

  it('writes Parquet that it reads back the same, rows and text', async () => {
    const dataset = await openDataset(folder.write('source.csv', 'text,label,row\na,1.0,x\nb,0.0,y\nc,,z\nd,1.0,\n'))
    const file = join(folder.path, "it's [rows] *.parquet")
    await dataset.writeParquet(file, Int32Array.of(0, 2, 3))
    await dataset.close()
    const columns = await readParquetColumns(file, ['row', 'text', 'label', 'row_2'])
    expect(Object.fromEntries(columns)).toEqual({ row: ['0', '2', '3'], text: ['a', 'c', 'd'], label: ['1', null, '1'], row_2: ['x', 'z', null] })
  })

  it('takes each line of a text file for a statement, whatever stands in it', async () => {
    const dataset = await openDataset(folder.write('lines.txt', 'One, "two\n\n<b>three</b>;\t4\n'))
    expect(dataset.summary.columns.map((column) => column.name)).toEqual(['text'])
    expect(await dataset.textColumn('text')).toEqual(['One, "two', null, '<b>three</b>;\t4'])
    expect(dataset.summary.suggested).toEqual({ text: { kind: 'column', column: 'text' } })
    await dataset.close()
  })

  it('keeps the order that keys have in the object where they first appear, whatever later ones leave out', async () => {
    const dataset = await openDataset(folder.write('keys.json', '[{"d":1,"c":2,"b":3,"a":4},{"a":4},{"b":3,"a":4},{"e":5,"a":4}]'))
    expect(dataset.summary.columns.map((column) => column.name)).toEqual(['d', 'c', 'b', 'a', 'e'])
    await dataset.close()
  })

  it('takes a JSON array of strings for texts', async () => {
    const dataset = await openDataset(folder.write('strings.json', '["x","y z"]'))
    expect(await dataset.textColumn('text')).toEqual(['x', 'y z'])
    await dataset.close()
  })

  it('keeps column names apart from SQL', async () => {
    const hostile = 'a"; DROP TABLE dataset_1; --'
    const dataset = await openDataset(folder.write('hostile.csv', `"${hostile.replaceAll('"', '""')}",c0,"x'y"\n1,2,3\n4,5,6\n`))
    expect(dataset.summary.columns.map((column) => column.name)).toEqual([hostile, 'c0', "x'y"])
    expect(await dataset.textColumn(hostile)).toEqual(['1', '4'])
    expect(await dataset.textColumn('c0')).toEqual(['2', '5'])
    const page = await dataset.rows({ offset: 0, limit: 10, sort: { column: hostile, descending: true }, search: '', filter: [{ column: "x'y", equals: '6' }], only: null })
    expect(page).toEqual({ total: 1, rows: [{ row: 1, cells: [4, 5, 6] }] })
    await dataset.writeParquet(join(folder.path, 'hostile.parquet'), Int32Array.of(1))
    expect((await readParquetColumns(join(folder.path, 'hostile.parquet'), [hostile])).get(hostile)).toEqual(['4'])
    await dataset.close()
  })

  it('writes whole numbers without a fraction, and leaves codes with leading zeros alone', async () => {
    const dataset = await openDataset(folder.write('numbers.csv', 'a,b,c,d\n1.0,007,1e3,2020-01-02\n0.0,012,2.50,2021-03-04\n'))
    expect(dataset.summary.columns.map((column) => column.type)).toEqual(['integer', 'text', 'number', 'date'])
    expect(await Promise.all(['a', 'b', 'c'].map((column) => dataset.textColumn(column)))).toEqual([['1', '0'], ['007', '012'], ['1000', '2.5']])
    await dataset.close()
  })

  it('hashes content and read options', async () => {
    const file = folder.write('hash.csv', 'a;b\n1;2\n')
    const plain = await openDataset(file)
    const cut = await openDataset(file, { delimiter: ';' })
    expect(plain.summary.hash).toBe(createHash('sha256').update(readFileSync(file)).update('\n[null,null]').digest('hex'))
    expect(cut.summary.hash).not.toBe(plain.summary.hash)
    await Promise.all([plain.close(), cut.close()])
  })
})

describe.skipIf(!existsSync(cities))('cities.csv', () => {
  it('loads in file order and suggests roles', async () => {
    const dataset = await openDataset(cities)
    expect(dataset.summary.rows).toBe(1496)
    expect(dataset.summary.suggested).toEqual({ text: { kind: 'column', column: 'statement' }, label: 'label', group: 'city', pair: 'city' })
    expect(dataset.summary.groupReason).toContain('“city”')
    const check = await dataset.check({ text: { kind: 'column', column: 'statement' }, label: 'label', moreTargets: [], group: 'city', test: null, pair: null, polarity: null, topic: null })
    expect(check).toMatchObject({ task: 'binary', usableRows: 1496, classes: [{ name: '0', rows: 748 }, { name: '1', rows: 748 }], problems: [] })
    const statements = await dataset.textColumn('statement')
    expect(statements[0]).toBe(readFileSync(cities, 'utf8').split('\n')[1]?.split(',')[0])
    await dataset.close()
  })
})

const places = fileURLToPath(new URL('../../../../shared/data/space/world_place.csv', import.meta.url))

describe.skipIf(!existsSync(places))('world_place.csv', () => {
  it('suggests where a place lies, countries whole, before classes that no name speaks for', async () => {
    const dataset = await openDataset(places)
    expect(dataset.summary.suggested).toEqual({
      text: { kind: 'column', column: 'name' }, label: 'latitude', moreTargets: ['longitude'], group: 'country', test: 'is_test'
    })
    await dataset.close()
  })
})
