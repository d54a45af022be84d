import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { extract, extractPositions, openStore, shareStore, type ActivationStore, type ExtractionOptions, type PositionsExtraction } from '../../../main/engine/activations/index'
import { openSafetensors } from '../../../main/engine/activations/safetensors'
import { openDataset, type OpenDataset } from '../../../main/engine/datasets/index'
import { openModel, type OpenModel } from '../../../main/engine/models/index'
import type { LayerscopeError } from '../../../main/engine/errors'
import type { ExtractionSummary } from '../../../preload/contract'
import { writePositions } from '../../../preload/positions'
import { extractionSchema, type ExtractionPlan, type Positions, type TextSource } from '../../../preload/recipe'

const modelPath = fileURLToPath(new URL('../../../../shared/models/zoo/bert/onnx/model.onnx', import.meta.url))
const present = existsSync(modelPath)
if (!present) console.log('skipped: extraction tests need ../shared/models/zoo')

const SITE = 'blocks.1.block_out'

describe.skipIf(!present)('extraction', () => {
  let folder = ''
  let model: OpenModel
  let dataset: OpenDataset
  const texts: string[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'extract-'))
    const cities = ['Paris', 'New York', 'Rio de Janeiro', 'Ulan Bator', 'Bonn']
    const rows = Array.from({ length: 203 }, (_, i) => ({ text: i % 50 === 49 ? '' : `${'very '.repeat(i % 7)}near ${cities[i % 5] ?? ''} lies place ${i}`, city: cities[i % 5] ?? '', label: i % 2 }))
    texts.push(...rows.map(({ text }) => text))
    await writeFile(join(folder, 'data.jsonl'), rows.map(row => JSON.stringify(row)).join('\n'))
    model = await openModel(modelPath)
    dataset = await openDataset(join(folder, 'data.jsonl'))
  })
  afterAll(async () => {
    await model.close()
    await dataset.close()
    await rm(folder, { recursive: true })
  })

  const column: TextSource = { kind: 'column', column: 'text' }
  let made = 0
  function options(plan: Partial<ExtractionPlan> = {}, more: Partial<ExtractionOptions> = {}): ExtractionOptions {
    return { model, dataset, text: column, plan: extractionSchema.parse({ batchTokens: 128, ...plan }), folder: join(folder, `store-${made++}`), ...more }
  }

  async function withStore<T>(of: ExtractionOptions, read: (store: ActivationStore) => Promise<T>): Promise<T> {
    const store = await openStore(of.folder)
    try { return await read(store) } finally { await store.close() }
  }

  /** One text alone through the model. */
  async function alone(text: string): Promise<Float32Array> {
    const { ids } = model.tokenizer.encode(text)
    const tensors = await model.run({ rows: 1, length: ids.length, inputIds: ids.slice(), attentionMask: new Uint8Array(ids.length).fill(1) }, [SITE], { kind: 'whole' })
    return tensors.get(SITE)?.data ?? new Float32Array(0)
  }

  function farthest(a: Float32Array, b: Float32Array): number {
    expect(a.length).toBe(b.length)
    return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0)
  }

  it('puts every row in its place: equal to each text run alone', async () => {
    const of = options()
    const summary = await extract(of)
    expect(summary).toMatchObject({ rows: 199, resumedRows: 0, truncated: 0 })
    expect(summary.skipped.map(({ row }) => row)).toEqual([49, 99, 149, 199])
    expect(1 - summary.tokens / summary.paddedTokens).toBeLessThan(0.05)
    await withStore(of, async store => {
      const { data, rows, columns } = await store.readSite(SITE)
      expect([rows, columns]).toEqual([199, 48])
      for (const index of [0, 1, 6, 48, 49, 120, 198]) {
        const row = store.rows[index] ?? -1
        const whole = await alone(texts[row] ?? '')
        // Batched and unbatched differ by rounding only.
        expect(farthest(data.slice(index * 48, index * 48 + 48), whole.slice(-48))).toBeLessThan(1e-5)
        expect(await store.readRow(SITE, index)).toEqual(data.slice(index * 48, index * 48 + 48))
        expect(store.indexOf(row)).toBe(index)
      }
      expect(store.indexOf(49)).toBe(-1)
      expect((await store.texts())[48]).toBe(texts[48])
      expect((await store.texts())[49]).toBe(texts[50])
      expect((await store.textColumn('city'))[49]).toBe('Paris')
      expect(await store.record(49)).toMatchObject({ text: texts[50], cells: [{ column: 'text', value: texts[50] }, { column: 'city', value: 'Paris' }, { column: 'label', value: 0 }] })
    })
  })

  it('averages, picks the first token and the last token of a span', async () => {
    const [mean, first, span] = [options({ positions: { kind: 'mean' } }), options({ positions: { kind: 'first' } }), options({ positions: { kind: 'span', column: 'city' } })]
    for (const of of [mean, first, span]) await extract(of)
    const whole = await alone(texts[2] ?? '')
    const tokens = whole.length / 48
    const average = Float32Array.from({ length: 48 }, (_, i) => Array.from({ length: tokens }, (_token, t) => whole[t * 48 + i] ?? 0).reduce((sum, value) => sum + value, 0) / tokens)
    expect(farthest(await withStore(mean, store => store.readRow(SITE, 2)), average)).toBeLessThan(1e-5)
    expect(farthest(await withStore(first, store => store.readRow(SITE, 2)), whole.slice(0, 48))).toBeLessThan(1e-5)
    const position = await withStore(span, async store => store.positions[2] ?? -1)
    const token = model.tokenizer.describe(texts[2] ?? '')[position]
    // Row 2 names Rio de Janeiro: the span's last token ends where the name ends.
    expect(token?.span?.[1]).toBe((texts[2] ?? '').indexOf('Rio de Janeiro') + 'Rio de Janeiro'.length)
    expect(farthest(await withStore(span, store => store.readRow(SITE, 2)), whole.slice(position * 48, position * 48 + 48))).toBeLessThan(1e-5)
  })

  it('reads several positions in one pass: each text runs once, short ones are left out where they have no such token', async () => {
    const lengths = texts.map(text => model.tokenizer.encode(text).ids.length)
    const shortest = Math.min(...lengths.filter((_, row) => texts[row] !== ''))
    const positions: readonly Positions[] = [{ kind: 'last' }, { kind: 'from-end', offset: 1 }, { kind: 'from-end', offset: shortest }, { kind: 'first' }, { kind: 'mean' }]
    const { plan, ...one } = options()
    const targets = positions.map(own => ({ positions: own, folder: join(one.folder, writePositions(own)) }))
    const only = new Set(texts.keys())
    only.delete(5)
    const summaries = await extractPositions({ ...one, plan, targets, only })
    const alike = options()
    expect((summaries[0] as ExtractionSummary).computedTokens).toBeLessThanOrEqual((await extract(alike)).computedTokens ?? 0)
    for (const [at, target] of targets.entries()) {
      const summary = summaries[at] as ExtractionSummary
      const offset = target.positions.kind === 'from-end' ? target.positions.offset : 0
      const expected = [...only].filter(row => texts[row] !== '' && (lengths[row] ?? 0) > offset)
      expect(summary.rows, writePositions(target.positions)).toBe(expected.length)
      expect(summary.skipped.map(({ row }) => row).sort((a, b) => a - b)).toEqual([...only].filter(row => !expected.includes(row)))
      const store = await openStore(target.folder)
      try {
        expect([...store.rows]).toEqual(expected)
        for (const index of [0, 3, expected.length - 1]) {
          const whole = await alone(texts[expected[index] ?? -1] ?? '')
          const tokens = whole.length / 48
          const average = Float32Array.from({ length: 48 }, (_, i) => Array.from({ length: tokens }, (_token, t) => whole[t * 48 + i] ?? 0).reduce((sum, value) => sum + value, 0) / tokens)
          const token = target.positions.kind === 'first' ? 0 : tokens - 1 - offset
          expect(farthest(await store.readRow(SITE, index), target.positions.kind === 'mean' ? average : whole.slice(token * 48, token * 48 + 48))).toBeLessThan(1e-5)
        }
      } finally {
        await store.close()
      }
    }
    // The last token of every text is the one that ends it.
    expect((summaries[0] as ExtractionSummary).readAt).toEqual({ token: '[SEP]', share: 1 })
    expect((summaries[4] as ExtractionSummary).readAt).toBeUndefined()
    // Finished ones are taken as they are; a further one is read by itself.
    const more = [...targets, { positions: { kind: 'from-start', offset: 2 } as const, folder: join(one.folder, 'first+2') }]
    const again = await extractPositions({ ...one, plan, targets: more, only })
    expect(again.map(summary => (summary as ExtractionSummary).resumedRows)).toEqual([...summaries.map(summary => (summary as ExtractionSummary).rows), 0])
  })

  it('goes on with a pass over several positions where it was cancelled, and names one that no text has', async () => {
    const { plan, ...one } = options()
    const positions: readonly Positions[] = [{ kind: 'last' }, { kind: 'from-end', offset: 2 }, { kind: 'from-end', offset: 4000 }]
    const at = (folder: string): PositionsExtraction => ({ ...one, plan, folder, targets: positions.map(own => ({ positions: own, folder: join(folder, writePositions(own)) })) })
    const stopping = new AbortController()
    await expect(extractPositions({ ...at(one.folder), signal: stopping.signal, onProgress: ({ done, total }) => { if (done > total / 3) stopping.abort() } })).rejects.toMatchObject({ report: { code: 'cancelled' } })
    const resumed = await extractPositions(at(one.folder))
    expect((resumed[0] as ExtractionSummary).resumedRows).toBeGreaterThan(0)
    expect((resumed[2] as LayerscopeError).report).toMatchObject({ code: 'nothing-to-extract' })
    const fresh = `${one.folder}-fresh`
    await extractPositions(at(fresh))
    for (const name of ['last', 'last-2']) {
      const file = (folder: string): Promise<Buffer> => readFile(join(folder, name, `${SITE}.safetensors`))
      expect((await file(one.folder)).equals(await file(fresh)), name).toBe(true)
    }
  })

  it('averages the tokens of each word and runs a sentence once for all its words', async () => {
    const sentences = ['Unbelievable things happened in Reykjavik', 'He said so', 'Nothing']
    const words = sentences.flatMap(text => [...text.matchAll(/\S+/g)].map(match => ({ text, word: match[0], start: match.index, end: match.index + match[0].length })))
    await writeFile(join(folder, 'words.jsonl'), [...words, { text: 'Nothing', word: '', start: 7, end: 8 }].map(row => JSON.stringify(row)).join('\n'))
    const byWord = await openDataset(join(folder, 'words.jsonl'))
    try {
      const of = options({ positions: { kind: 'word' } }, { dataset: byWord })
      const summary = await extract(of)
      expect(summary).toMatchObject({ rows: words.length, skipped: [{ row: words.length, reason: '“start” 7 to “end” 8 is no part of the text, which has 7 characters.' }] })
      const lengths = sentences.map(text => model.tokenizer.encode(text).ids.length)
      expect(summary.computedTokens).toBeLessThan(3 * Math.max(...lengths) + 1)
      expect(summary.tokens).toBe(words.reduce((sum, { text }) => sum + model.tokenizer.encode(text).ids.length, 0))
      await withStore(of, async store => {
        for (const [index, { text, start, end }] of words.entries()) {
          const whole = await alone(text)
          const own = model.tokenizer.describe(text).flatMap(({ span }, token) => (span !== null && span[0] < end && span[1] > start ? [token] : []))
          const average = Float32Array.from({ length: 48 }, (_, i) => own.reduce((sum, token) => sum + (whole[token * 48 + i] ?? 0), 0) / own.length)
          expect(farthest(await store.readRow(SITE, index), average)).toBeLessThan(1e-5)
          expect([store.positions[index], store.positionEnds[index]]).toEqual([own[0], (own.at(-1) ?? 0) + 1])
        }
        // A word of several tokens is among them.
        expect(Math.max(...store.positionEnds.map((end, index) => end - (store.positions[index] ?? 0)))).toBeGreaterThan(1)
      })
    } finally {
      await byWord.close()
    }
  })

  it('keeps every token with its row, position and id', async () => {
    const of = options({ positions: { kind: 'all' }, sites: [SITE], limit: 20 })
    const summary = await extract(of)
    const file = await openSafetensors(join(of.folder, `${SITE}.safetensors`))
    const [row, position, id] = [await file.readInt32('row'), await file.readInt32('position'), await file.readInt32('token_id')]
    expect(row.length).toBe(summary.tokens)
    const start = row.indexOf(7)
    const { ids } = model.tokenizer.encode(texts[7] ?? '')
    expect(id.slice(start, start + ids.length)).toEqual(ids)
    expect(position.slice(start, start + ids.length)).toEqual(Int32Array.from(ids, (_, i) => i))
    expect(row[start + ids.length]).toBe(8)
    expect(farthest(await file.readFloat32('activations', start, ids.length), await alone(texts[7] ?? ''))).toBeLessThan(1e-5)
    await file.close()
  })

  it('stores halves within half a step of the floats', async () => {
    const [floats, halves] = [options({ sites: [SITE] }), options({ sites: [SITE], dtype: 'f16' })]
    await extract(floats)
    await extract(halves)
    const exact = (await withStore(floats, store => store.readSite(SITE))).data
    const rounded = (await withStore(halves, store => store.readSite(SITE))).data
    expect((await stat(join(halves.folder, `${SITE}.safetensors`))).size).toBeLessThan(0.6 * (await stat(join(floats.folder, `${SITE}.safetensors`))).size)
    exact.forEach((value, i) => { expect(Math.abs((rounded[i] ?? NaN) - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25)) })
  })

  it('renders templates and keeps the text beside the columns', async () => {
    const of = options({ limit: 6 }, { text: { kind: 'template', template: '{city}!' } })
    await extract(of)
    await withStore(of, async store => {
      expect((await store.texts()).slice(0, 3)).toEqual(['Paris!', 'New York!', 'Rio de Janeiro!'])
      // The dataset has a column of the name already.
      expect(store.manifest.textColumn).toBe('layerscope_text')
      expect((await store.record(1)).cells.map(({ column: name }) => name)).toEqual(['text', 'city', 'label'])
    })
  })

  it('goes on after a cancel and ends with the same bytes', async () => {
    const [whole, stopped] = [options(), options()]
    await extract(whole)
    const controller = new AbortController()
    let seen = 0
    await expect(extract({ ...stopped, signal: controller.signal, onProgress({ done }) { seen = done; if (done > 60) controller.abort() } })).rejects.toMatchObject({ report: { code: 'cancelled' } })
    expect(seen).toBeLessThan(199)
    await expect(openStore(stopped.folder)).rejects.toMatchObject({ report: { code: 'store-incomplete' } })
    const summary = await extract(stopped)
    expect(summary).toMatchObject({ rows: 199, resumedRows: seen })
    for (const name of [`${SITE}.safetensors`, 'hook_embed.safetensors', 'rows.safetensors']) {
      expect((await readFile(join(stopped.folder, name))).equals(await readFile(join(whole.folder, name)))).toBe(true)
    }
    expect(existsSync(join(stopped.folder, 'extraction.journal'))).toBe(false)
  })

  it('reuses a finished store, makes one anew whose file was cut, and refuses another key', async () => {
    const of = options({ sites: [SITE] })
    await extract(of)
    expect(await extract(of)).toMatchObject({ rows: 199, resumedRows: 199 })
    await truncate(join(of.folder, `${SITE}.safetensors`), 1000)
    expect(await extract(of)).toMatchObject({ rows: 199, resumedRows: 0 })
    await expect(extract({ ...of, plan: { ...of.plan, dtype: 'f16' } })).rejects.toMatchObject({ report: { code: 'store-of-another-key', file: of.folder } })
    // How it is batched decides nothing.
    expect(await extract({ ...of, plan: { ...of.plan, batchTokens: 64 } })).toMatchObject({ resumedRows: 199 })
  })

  it('lets one extraction at a time write to a folder', async () => {
    const of = options()
    const both = await Promise.allSettled([extract(of), extract(of)])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { report: { code: 'store-in-use' } } })
  })

  it('shares a finished store with another folder', async () => {
    const of = options({ sites: [SITE] })
    await extract(of)
    const to = join(folder, 'shared-store')
    await shareStore(of.folder, to)
    expect(await extract({ ...of, folder: to })).toMatchObject({ resumedRows: 199 })
    // Extracting the copy anew leaves the original alone.
    await truncate(join(of.folder, 'manifest.json'), 0).then(() => rm(join(to, 'manifest.json')))
    const before = (await stat(join(of.folder, `${SITE}.safetensors`))).ino
    await extract({ ...of, folder: to })
    expect((await stat(join(to, `${SITE}.safetensors`))).ino).not.toBe(before)
  })

  it('refuses sites that are unknown or have no vector for a token', async () => {
    await expect(extract(options({ sites: ['blocks.9.nothing'] }))).rejects.toMatchObject({ report: { code: 'site-unknown' } })
    await expect(extract(options({ sites: ['blocks.0.attn.hook_pattern'] }))).rejects.toMatchObject({ report: { code: 'site-not-storable' } })
  })

  it('says which row is the first without a text when none has one', async () => {
    const path = join(folder, 'empty.jsonl')
    await writeFile(path, '{"text":""}\n{"text":null}\n{"text":""}')
    const empty = await openDataset(path)
    await expect(extract(options({}, { dataset: empty }))).rejects.toMatchObject({ report: { code: 'nothing-to-extract', row: 1 } })
    await empty.close()
  })

  const small = process.platform === 'linux' && process.getuid?.() === 0
  it.skipIf(!small)('keeps what was stored when the disk is full, and goes on when there is room', async () => {
    const disk = join(folder, 'disk')
    await mkdir(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk])
    } catch {
      console.log('skipped: mounting a small disk is not allowed here')
      return
    }
    try {
      const of = options({}, { folder: join(disk, 'store') })
      await expect(extract(of)).rejects.toMatchObject({ report: { code: 'disk-full', file: of.folder } })
      execFileSync('mount', ['-o', 'remount,size=8m', disk])
      const summary = await extract(of)
      expect(summary.rows).toBe(199)
      expect(summary.resumedRows).toBeGreaterThan(0)
      const whole = options()
      await extract(whole)
      expect((await readFile(join(of.folder, `${SITE}.safetensors`))).equals(await readFile(join(whole.folder, `${SITE}.safetensors`)))).toBe(true)
    } finally {
      execFileSync('umount', [disk])
    }
  })
})
