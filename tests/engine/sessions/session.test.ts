import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { open as openZip, type Entry } from 'yauzl'
import { writeSafetensors } from '../../../main/engine/activations/index'
import { HeldOutFile, readRecipe, Session, writeRecipe } from '../../../main/engine/sessions/index'
import type { RunSummary } from '../../../preload/contract'
import { columnRolesSchema, extractionSchema, probePlanSchema, projectionPlanSchema, recipeSchema } from '../../../preload/recipe'

let root = ''
beforeAll(async () => { root = await mkdtemp(join(tmpdir(), 'session-')) })
afterAll(async () => { await rm(root, { recursive: true }) })

const roles = columnRolesSchema.parse({ text: { kind: 'column', column: 'text' }, label: 'label', group: null })
const newRun: Omit<RunSummary, 'runId'> = {
  startedAt: '2026-01-02T03:04:05.000Z', status: 'running', error: null, model: { name: 'm', hash: 'mh' }, dataset: { name: 'd', hash: 'dh', roles },
  extractionPlan: extractionSchema.parse({}), probePlan: probePlanSchema.parse({}), extraction: null, sweep: null, rowCount: 0
}

let made = 0
const fresh = (name = 'S'): string => join(root, `${name}${made++}.layerscope`)

async function sources(folder: string): Promise<{ model: { path: string; name: string; hash: string }; dataset: { path: string; name: string; hash: string; read: object } }> {
  await mkdir(folder, { recursive: true })
  const [model, dataset] = [join(folder, 'model.onnx'), join(folder, 'data.csv')]
  await writeFile(model, 'm')
  await writeFile(dataset, 'text,label\n')
  return { model: { path: model, name: 'm', hash: 'mh' }, dataset: { path: dataset, name: 'data.csv', hash: 'dh', read: {} } }
}

describe('a session', () => {
  it('autosaves what changes and reopens with it', async () => {
    const session = await Session.create(join(root, 'temporary'))
    const { model, dataset } = await sources(join(root, 'sources'))
    session.update({ model, dataset, roles, view: { site: 'blocks.0.block_out' } })
    await new Promise(resolve => { setTimeout(resolve, 600) })
    const onDisk: unknown = JSON.parse(await readFile(join(session.path, 'session.json'), 'utf8'))
    expect(onDisk).toMatchObject({ version: 1, view: { site: 'blocks.0.block_out' }, model: { hash: 'mh' } })
    await session.close('keep')
    const again = await Session.open(session.path, join(root, 'temporary'))
    expect(again.state).toMatchObject({ temporary: true, problems: [], view: { site: 'blocks.0.block_out' }, modelPath: model.path, datasetPath: dataset.path })
    expect(again.recipe).toEqual(recipeSchema.parse({ format: 'layerscope-recipe', version: 1, model: { path: model.path, hash: 'mh' }, dataset: { path: dataset.path, hash: 'dh', roles } }))
    await again.close('discard-unsaved')
    expect(existsSync(session.path)).toBe(false)
  })

  it('is open in one window at a time; a lock left by a dead process is taken over', async () => {
    const path = fresh()
    const session = await Session.createAt(path)
    await expect(Session.open(path, null)).rejects.toMatchObject({ report: { code: 'session-in-use', file: path } })
    await session.close('keep')
    expect(existsSync(join(path, '.lock'))).toBe(false)
    // No process has this id: Linux ends at 2^22, others earlier.
    for (const holder of [{ pid: 2 ** 22 + 1, host: hostname(), token: 't' }, { pid: process.pid, host: hostname(), token: 'of an earlier process' }]) {
      await writeFile(join(path, '.lock'), JSON.stringify(holder))
      await (await Session.open(path, null)).close('keep')
    }
    await writeFile(join(path, '.lock'), JSON.stringify({ pid: 1, host: 'another machine', token: 't' }))
    await expect(Session.open(path, null)).rejects.toMatchObject({ report: { code: 'session-in-use' } })
  })

  it('waits for the window that is closing it', async () => {
    const path = fresh()
    const session = await Session.createAt(path)
    const opened = Session.open(path, null)
    await session.close('keep')
    await (await opened).close('keep')
  })

  it('moves when an unsaved one is saved, and leaves a saved one where it was', async () => {
    const session = await Session.create(join(root, 'temporary'))
    const before = session.path
    const [first, second] = [fresh('First '), fresh('Second ')]
    const { run } = await session.beginRun({ storeKey: 's', runKey: 'r' }, newRun)
    await run.update({ status: 'complete' })
    await writeSafetensors(join(run.folder, 'x.safetensors'), [{ name: 'a', dtype: 'U8', shape: [1], data: Uint8Array.of(9) }])
    session.endRun()
    const saved = await session.saveAs(first)
    expect(saved).toMatchObject({ path: first, temporary: false, name: basename(first, '.layerscope') })
    expect(existsSync(before)).toBe(false)
    await session.saveAs(second)
    expect(existsSync(join(first, 'runs/run-1/run.json'))).toBe(true)
    // A finished run's arrays are shared, not copied.
    expect((await stat(join(second, 'runs/run-1/x.safetensors'))).ino).toBe((await stat(join(first, 'runs/run-1/x.safetensors'))).ino)
    expect((await stat(join(second, 'runs/run-1/run.json'))).ino).not.toBe((await stat(join(first, 'runs/run-1/run.json'))).ino)
    // The first is free again, the second is not.
    await (await Session.open(first, null)).close('keep')
    await expect(Session.open(second, null)).rejects.toMatchObject({ report: { code: 'session-in-use' } })
    await session.close('keep')
    expect((await readdir(root)).filter(name => name.endsWith('.writing'))).toEqual([])
  })

  it('replaces another session only when no one has it open, and nothing else at all', async () => {
    const session = await Session.createAt(fresh())
    const [other, open, foreign] = [fresh(), fresh(), fresh()]
    await (await Session.createAt(other)).close('keep')
    const held = await Session.createAt(open)
    await mkdir(foreign)
    await writeFile(join(foreign, 'thesis.txt'), 'mine')
    await expect(session.saveAs(open)).rejects.toMatchObject({ report: { code: 'session-in-use' } })
    await expect(session.saveAs(foreign)).rejects.toMatchObject({ report: { code: 'not-a-session', file: foreign } })
    expect(await readFile(join(foreign, 'thesis.txt'), 'utf8')).toBe('mine')
    await session.saveAs(other)
    expect(session.path).toBe(other)
    await session.close('keep')
    await held.close('keep')
  })

  it('tells what is wrong with a file it cannot read', async () => {
    const path = fresh()
    await (await Session.createAt(path)).close('keep')
    const file = join(path, 'session.json')
    const good = await readFile(file, 'utf8')
    await writeFile(file, good.replace('"version": 1', '"version": 7'))
    await expect(Session.open(path, null)).rejects.toMatchObject({ report: { code: 'session-newer', file } })
    await writeFile(file, good.slice(0, good.length / 2))
    await expect(Session.open(path, null)).rejects.toMatchObject({ report: { code: 'session-damaged', file } })
    await writeFile(file, good.replace('"runs": []', '"runs": ["../../elsewhere"]'))
    await expect(Session.open(path, null)).rejects.toMatchObject({ report: { code: 'session-damaged' } })
    await expect(Session.open(root, null)).rejects.toMatchObject({ report: { code: 'session-missing' } })
    expect(existsSync(join(root, '.lock'))).toBe(false)
  })

  it('finds its files again beside it, asks for those that moved, and names runs that are missing', async () => {
    const place = join(root, 'travelling')
    const { model, dataset } = await sources(join(place, 'data'))
    const session = await Session.createAt(join(place, 'T.layerscope'))
    session.update({ model, dataset, roles })
    const { run } = await session.beginRun({ storeKey: 's', runKey: 'r' }, newRun)
    await run.update({ status: 'complete' })
    session.endRun()
    await session.close('keep')
    const moved = join(root, 'moved')
    await rename(place, moved)
    const found = await Session.open(join(moved, 'T.layerscope'), null)
    expect(found.state).toMatchObject({ modelPath: join(moved, 'data', 'model.onnx'), problems: [] })
    await found.close('keep')
    await rm(join(moved, 'data', 'data.csv'))
    const whole = await readFile(join(moved, 'T.layerscope', 'runs', 'run-1', 'run.json'), 'utf8')
    await rm(join(moved, 'T.layerscope', 'runs', 'run-1', 'run.json'))
    const lacking = await Session.open(join(moved, 'T.layerscope'), null)
    expect(lacking.state.problems).toMatchObject([{ code: 'run-missing' }, { code: 'dataset-moved', locate: 'dataset' }])
    lacking.update({ dataset })
    expect(lacking.state.problems.map(({ code }) => code)).toEqual(['run-missing'])
    await lacking.close('keep')
    await writeFile(join(moved, 'T.layerscope', 'runs', 'run-1', 'run.json'), '{"format":"layerscope-run","ver')
    const damaged = await Session.open(join(moved, 'T.layerscope'), null)
    expect(damaged.state.problems.map(({ code }) => code)).toContain('run-damaged')
    // What cannot be read now is neither forgotten nor written over.
    const next = await damaged.beginRun({ storeKey: 's', runKey: 'r' }, newRun)
    expect(next.run.summary.runId).toBe('run-2')
    damaged.endRun()
    await damaged.close('keep')
    await writeFile(join(moved, 'T.layerscope', 'runs', 'run-1', 'run.json'), whole)
    const restored = await Session.open(join(moved, 'T.layerscope'), null)
    expect(restored.state.runs.map(({ runId, status }) => [runId, status])).toEqual([['run-1', 'complete'], ['run-2', 'cancelled']])
    await restored.close('keep')
  })

  it('takes up an interrupted run, returns a finished one, and runs one at a time', async () => {
    const path = fresh()
    const session = await Session.createAt(path)
    const { run } = await session.beginRun({ storeKey: 's', runKey: 'r' }, newRun)
    await expect(session.beginRun({ storeKey: 's2', runKey: 'r2' }, newRun)).rejects.toMatchObject({ report: { code: 'busy' } })
    await expect(session.saveAs(fresh())).rejects.toMatchObject({ report: { code: 'busy' } })
    // As after a kill: the process is gone, the run still says running.
    await session.close('keep')
    const again = await Session.open(path, null)
    expect(again.state.runs).toMatchObject([{ runId: 'run-1', status: 'cancelled', error: { code: 'run-interrupted' } }])
    expect(again.state.problems).toMatchObject([{ code: 'run-interrupted' }])
    const taken = await again.beginRun({ storeKey: 's', runKey: 'r' }, { ...newRun, startedAt: 'later' })
    expect(taken).toMatchObject({ finished: false, run: { folder: run.folder } })
    expect(taken.run.summary).toMatchObject({ runId: 'run-1', status: 'running', startedAt: newRun.startedAt, error: null })
    await taken.run.update({ status: 'complete' })
    again.endRun()
    expect(await again.beginRun({ storeKey: 's', runKey: 'r' }, newRun)).toMatchObject({ finished: true })
    const other = await again.beginRun({ storeKey: 's', runKey: 'r with another seed' }, newRun)
    expect(other.run.summary.runId).toBe('run-2')
    again.endRun()
    await again.close('keep')
  })

  it('gives projections and held-out values back as they were', async () => {
    const session = await Session.createAt(fresh())
    const { run } = await session.beginRun({ storeKey: 's', runKey: 'r' }, newRun)
    const plan = projectionPlanSchema.parse({})
    const result = { site: 'a/b', method: 'umap', rows: Int32Array.of(3, 5), xy: Float32Array.of(1, 2, 3, 4), trustworthiness: 0.9, explained: null, seconds: 1.5 } as const
    await run.saveProjection(plan, result)
    expect(await run.projection('a/b', plan)).toEqual(result)
    expect(await run.projection('a/b', { ...plan, seed: 1 })).toBeNull()
    const file = await run.beginHeldOut({ kind: 'classes' }, ['a/b', 'c'], ['logistic'], 2)
    expect(file).toBeInstanceOf(HeldOutFile)
    await file.writeSite('c', 'logistic', { kind: 'classes', score: Float32Array.of(0.25, 0.75), predicted: Int32Array.of(0, 1), confidence: Float32Array.of(0.75, 0.75), probes: null })
    await expect(file.writeSite('c', 'logistic', { kind: 'classes', score: Float32Array.of(1), predicted: Int32Array.of(1), confidence: Float32Array.of(1), probes: null })).rejects.toThrow('another size')
    await file.writeActual({ kind: 'classes', codes: Int32Array.of(1, -1) })
    await file.close()
    await expect(run.values('c')).rejects.toMatchObject({ report: { code: 'values-not-ready' } })
    session.endRun()
    await session.close('keep')
  })

  it('exports one zip with everything but locks, and nothing when it fails', async () => {
    const session = await Session.createAt(fresh('Zipped '))
    const name = session.name
    const { run } = await session.beginRun({ storeKey: 's', runKey: 'r' }, newRun)
    await writeFile(join(run.folder, 'big.safetensors'), new Uint8Array(300_000).fill(7))
    await writeFile(join(run.folder, 'half.json.abcd.writing'), 'torn')
    session.endRun()
    const path = join(root, 'session.zip')
    const progress: number[] = []
    const { bytes } = await session.export(path, (done, total) => progress.push(done / total))
    expect(bytes).toBe((await stat(path)).size)
    expect(progress.at(-1)).toBe(1)
    expect(await entriesOf(path)).toEqual([`${name}.layerscope/runs/run-1/big.safetensors`, `${name}.layerscope/runs/run-1/run.json`, `${name}.layerscope/session.json`])
    await expect(session.export(join(root, 'no', 'such', 'folder.zip'), () => undefined)).rejects.toThrow('ENOENT')
    await expect(session.export(join(root, 'cancelled.zip'), () => undefined, AbortSignal.abort())).rejects.toThrow()
    expect((await readdir(root)).filter(entry => entry.startsWith('cancelled'))).toEqual([])
    await session.close('keep')
  })
})

async function entriesOf(path: string): Promise<string[]> {
  return await new Promise((resolve, reject) => {
    openZip(path, { lazyEntries: false }, (error, zip) => {
      if (error !== null) {
        reject(error)
        return
      }
      const names: string[] = []
      zip.on('entry', (entry: Entry) => { names.push(entry.fileName) })
      zip.on('end', () => { resolve(names.toSorted()) })
      zip.on('error', reject)
    })
  })
}

describe('a recipe file', () => {
  const recipe = recipeSchema.parse({
    format: 'layerscope-recipe', version: 1, model: { path: '/m' }, dataset: { path: '/d', roles: { text: { kind: 'template', template: '{a}' }, label: null, group: null } }
  })

  it('stores paths relative to itself and finds them from anywhere', async () => {
    const { model, dataset } = await sources(join(root, 'recipe sources'))
    await mkdir(join(root, 'recipes'))
    const file = join(root, 'recipes', 'r.json')
    await writeRecipe(file, { ...recipe, model: { path: model.path, hash: 'h' }, dataset: { ...recipe.dataset, path: dataset.path } })
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ model: { path: '../recipe sources/model.onnx' }, dataset: { path: '../recipe sources/data.csv' } })
    expect(await readRecipe(file)).toMatchObject({ model: { path: model.path }, dataset: { path: dataset.path } })
  })

  it('says what is wrong with it', async () => {
    const file = join(root, 'bad.json')
    await writeFile(file, '{')
    await expect(readRecipe(file)).rejects.toMatchObject({ report: { code: 'recipe-unreadable', file } })
    await writeFile(file, JSON.stringify({ ...recipe, version: 2 }))
    await expect(readRecipe(file)).rejects.toMatchObject({ report: { code: 'recipe-newer' } })
    await writeFile(file, JSON.stringify({ ...recipe, probe: { ...recipe.probe, folds: 1 } }))
    await expect(readRecipe(file)).rejects.toMatchObject({ report: { code: 'recipe-invalid', field: 'probe.folds' } })
    await expect(readRecipe(join(root, 'none.json'))).rejects.toMatchObject({ report: { code: 'recipe-unreadable' } })
  })
})
