import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ZipFile } from 'yazl'
import { isZip, Session } from '../../../main/engine/sessions/index'
import type { RunSummary } from '../../../preload/contract'
import { columnRolesSchema, extractionSchema, probePlanSchema } from '../../../preload/recipe'

let root = ''
let unsaved = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'import zip '))
  unsaved = join(root, 'unsaved')
})
afterAll(async () => { await rm(root, { recursive: true }) })

const roles = columnRolesSchema.parse({ text: { kind: 'column', column: 'text' }, label: 'label', group: null })
const newRun: Omit<RunSummary, 'runId'> = {
  startedAt: '2026-01-02T03:04:05.000Z', status: 'running', error: null, model: { name: 'm', hash: 'mh' }, dataset: { name: 'd', hash: 'dh', roles },
  extractionPlan: extractionSchema.parse({}), probePlan: probePlanSchema.parse({}), extraction: null, sweep: null, rowCount: 0
}

/** A session with one run, exported; `bytes` is what its array holds. */
async function exported(name: string, bytes: Uint8Array): Promise<string> {
  const session = await Session.createAt(join(root, `${name}.layerscope`))
  session.update({ roles })
  const { run } = await session.beginRun({ storeKey: 's', runKey: 'r' }, newRun)
  await run.update({ status: 'cancelled' })
  await writeFile(join(run.folder, 'site.safetensors'), bytes)
  session.endRun()
  const path = join(root, `${name}.zip`)
  await session.export(path, () => undefined)
  await session.close('keep')
  return path
}

interface Packed { readonly name: string; readonly content?: string | Uint8Array; readonly mode?: number }

async function pack(path: string, files: readonly Packed[]): Promise<string> {
  const zip = new ZipFile()
  for (const { name, content = 'x', mode } of files) zip.addBuffer(Buffer.from(content), name, mode === undefined ? {} : { mode })
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
  return path
}

/** Names that yazl refuses to write: packed under another one of the same length, then changed in both places. */
async function rename(path: string, from: string, to: string): Promise<void> {
  if (from.length !== to.length) throw new Error('names of different lengths')
  const bytes = (await readFile(path)).toString('latin1')
  expect(bytes.split(from)).toHaveLength(3)
  await writeFile(path, Buffer.from(bytes.replaceAll(from, to), 'latin1'))
}

const refusal = async (path: string, signal?: AbortSignal): Promise<{ code?: string; message?: string }> => {
  const error = await Session.openZip(path, unsaved, signal).then(() => null, (reason: unknown) => reason)
  return (error as { report?: { code: string; message: string } } | null)?.report ?? { code: error instanceof Error ? error.name : 'none' }
}

const session: Packed = { name: 'S.layerscope/session.json', content: '{}' }

describe('an exported session', () => {
  it('opens again as an unsaved one with the same files, and can be saved', async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7)
    const path = await exported('Round', bytes)
    expect(await isZip(path)).toBe(true)
    expect(await isZip(root)).toBe(false)
    const opened = await Session.openZip(path, unsaved)
    expect(opened.state).toMatchObject({ temporary: true, recipe: null, runs: [{ runId: 'run-1', status: 'cancelled' }] })
    expect(new Uint8Array(await readFile(join(opened.path, 'runs/run-1/site.safetensors')))).toEqual(bytes)
    const place = join(root, 'Kept.layerscope')
    expect(await opened.saveAs(place)).toMatchObject({ temporary: false, path: place, name: 'Kept' })
    expect(await readdir(unsaved)).toEqual([])
    await opened.close('keep')
    // The archive can be opened any number of times, twice at once too.
    const [one, two] = await Promise.all([Session.openZip(path, unsaved), Session.openZip(path, unsaved)])
    expect(one.path).not.toBe(two.path)
    await Promise.all([one.close('discard-unsaved'), two.close('discard-unsaved')])
    expect(await readdir(unsaved)).toEqual([])
  })

  it('is read where it was packed again without its folder', async () => {
    const path = await exported('Flat', new Uint8Array(10))
    const folder = join(root, 'Flat.layerscope')
    const flat = await pack(join(root, 'flat again.zip'), [
      { name: 'session.json', content: await readFile(join(folder, 'session.json')) }, { name: 'runs/run-1/run.json', content: await readFile(join(folder, 'runs/run-1/run.json')) }
    ])
    const opened = await Session.openZip(flat, unsaved)
    expect(opened.state.runs).toHaveLength(1)
    await opened.close('discard-unsaved')
    expect(existsSync(path)).toBe(true)
  })
})

describe('an archive that is not one of ours', () => {
  it.each([
    ['a name that climbs out', 'S.layerscope/aa/evil', 'S.layerscope/../evil'],
    ['a name that climbs out from the top', 'aa/aa/aa/evil', '../../../evil'],
    ['an absolute name', 'aaaaaaaa/evil', '/tmp/out/evil'],
    ['a backslash', 'S.layerscope/aa/evil', 'S.layerscope/..\\evil'],
    ['a drive', 'S.layerscope/aa/evil', 'C:/layerscope/a/evil'],
    ['a drive within the session', 'S.layerscope/aa/evil', 'S.layerscope/C:/evil'],
    ['a step that goes nowhere', 'S.layerscope/a/evil', 'S.layerscope/./evil']
  ])('is refused whole for %s', async (_, packed, name) => {
    const path = await pack(join(root, 'slip.zip'), [session, { name: packed }])
    await rename(path, packed, name)
    expect(await refusal(path)).toMatchObject({ code: 'zip-unsafe', message: expect.stringContaining('evil') as string })
    expect(await readdir(unsaved)).toEqual([])
    expect(existsSync(join(unsaved, 'evil')) || existsSync(join(root, 'evil')) || existsSync('/tmp/out/evil')).toBe(false)
  })

  it('is refused for links, files beside the session, and a name that is there twice', async () => {
    expect(await refusal(await pack(join(root, 'link.zip'), [session, { name: 'S.layerscope/runs', content: '/etc', mode: 0o120777 }]))).toMatchObject({ code: 'zip-unsafe', message: expect.stringContaining('is a link') as string })
    expect(await refusal(await pack(join(root, 'beside.zip'), [session, { name: 'other.txt' }]))).toMatchObject({ code: 'zip-unsafe', message: expect.stringContaining('lies beside') as string })
    expect(await refusal(await pack(join(root, 'twice.zip'), [session, { name: 'S.layerscope/a' }, { name: 'S.layerscope/A' }]))).toMatchObject({ code: 'zip-unsafe', message: expect.stringContaining('twice') as string })
  })

  it('is refused before it fills the disk', async () => {
    const path = await pack(join(root, 'bomb.zip'), [session, { name: 'S.layerscope/zeros', content: new Uint8Array(160 * 2 ** 20) }])
    expect(await refusal(path)).toMatchObject({ code: 'zip-too-large', message: expect.stringContaining('168 MB') as string })
    expect(await readdir(unsaved)).toEqual([])
  })

  it('says what is missing from it', async () => {
    expect(await refusal(await pack(join(root, 'none.zip'), [{ name: 'readme.txt' }]))).toMatchObject({ code: 'zip-not-a-session' })
    expect(await refusal(await pack(join(root, 'two.zip'), [session, { name: 'T.layerscope/session.json' }]))).toMatchObject({ code: 'zip-not-a-session', message: expect.stringContaining('more than one') as string })
    // Packed like a session, but its file is none.
    expect(await refusal(await pack(join(root, 'damaged.zip'), [session]))).toMatchObject({ code: 'session-damaged' })
    expect(await readdir(unsaved)).toEqual([])
  })

  it('is told from one that was cut, changed, or cancelled, and leaves nothing', async () => {
    const whole = await readFile(await exported('Whole', new Uint8Array(100_000).fill(9)))
    const cut = join(root, 'cut.zip')
    await writeFile(cut, whole.subarray(0, 60_000))
    expect(await refusal(cut)).toMatchObject({ code: 'zip-unreadable' })
    const changed = Buffer.from(whole)
    changed[changed.indexOf(Buffer.alloc(64, 9)) + 5000] = 8
    const path = join(root, 'changed.zip')
    await writeFile(path, changed)
    expect(await refusal(path)).toMatchObject({ code: 'zip-unreadable', message: expect.stringContaining('site.safetensors was changed') as string })
    expect(await refusal(join(root, 'Whole.zip'), AbortSignal.abort())).toEqual({ code: 'AbortError' })
    await mkdir(unsaved, { recursive: true })
    expect(await readdir(unsaved)).toEqual([])
  })
})
