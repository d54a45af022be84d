import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Journal, readJournal } from '../../../main/engine/activations/journal'

let folder = ''
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'journal-')) })
afterAll(async () => { await rm(folder, { recursive: true }) })

const header = { format: 'layerscope-extraction', version: 1, key: 'k', rows: 100, tokens: 900, batchTokens: 64 } as const

describe('the journal of an extraction', () => {
  it('counts whole lines and goes on over a torn one', async () => {
    const path = join(folder, 'torn')
    const journal = await Journal.begin(path, header)
    await journal.finish(0, 10)
    await journal.finish(1, 20)
    await journal.close()
    await appendFile(path, '{"batch":2,"ro')
    const read = await readJournal(path)
    expect(read).toMatchObject({ header, batches: 2 })
    const resumed = await Journal.resume(path, read?.bytes ?? 0)
    await resumed.finish(2, 5)
    await resumed.close()
    expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(4)
    expect(await readJournal(path)).toMatchObject({ batches: 3 })
  })

  it('stops counting at a line that is out of order or damaged', async () => {
    const path = join(folder, 'gap')
    await writeFile(path, `${JSON.stringify(header)}\n{"batch":0,"rows":4}\n{"batch":2,"rows":4}\n`)
    expect(await readJournal(path)).toMatchObject({ batches: 1 })
  })

  it('is none where the header is torn, of a newer version or missing', async () => {
    const path = join(folder, 'header')
    await writeFile(path, JSON.stringify(header))
    expect(await readJournal(path)).toBeNull()
    await writeFile(path, `${JSON.stringify({ ...header, version: 2 })}\n`)
    expect(await readJournal(path)).toBeNull()
    expect(await readJournal(join(folder, 'none'))).toBeNull()
  })
})
