import type { AnalysisProgress, RowDetail } from '../../preload/contract'
import { openDataset } from './datasets/index'
import { LayerscopeError } from './errors'
import { listModels, listProviders } from './models/index'
import { continuePrompt, nextTokens } from './prompt'
import { projectRun } from './project'
import { nearestRows } from './projections/index'
import { bestOfRun, cellCard, cellMaterial, compareTwo, valuesAt, writeReport } from './report/index'
import { executeRun } from './run'
import { influenceOn, refitOf, similarityOf, sweptRun, transferOf, type StoredRun } from './run-analyses'
import { keptPositions, readPositions, sweptAt } from './run-positions'
import { codeLengthAt, erasureAt } from './run-sites'
import { sentenceTree, testSentences } from './run-trees'
import type { RequestHandlers } from './server'
import { isZip, Session, type RunFolder, type SessionChange } from './sessions/index'
import type { Workplace } from './workplace'

/** The table of requests, answered from what one window has open. */
export function requestHandlers(workplace: Workplace): RequestHandlers {
  return {
    'engine.memory': () => Promise.resolve({ residentBytes: process.memoryUsage.rss(), prepacked: workplace.prepackedModels() }),
    'providers.list': async () => await listProviders(),

    'models.list': async ({ folders }, { signal, send }) => {
      for (const folder of folders) workplace.requireReadable(folder)
      const listing = await listModels({ folders }, {
        onPlaces(places, home) { send({ kind: 'places', places, home }) },
        onFound(model) { send({ kind: 'found', model }) }
      }, signal)
      workplace.offer(listing.models.filter(({ openable }) => openable).map(({ path }) => path))
      return listing
    },
    'model.open': async ({ path, provider }, { signal, send }) => {
      workplace.requireReadable(path)
      const hold = await workplace.shared.models.open(path, provider, {
        signal,
        onStage(stage) { send({ kind: 'stage', stage }) },
        onReady(loaded) { send({ kind: 'loaded', model: loaded }) },
        onCheck(check) { send({ kind: 'check', check }) }
      })
      return { modelId: await workplace.addModel(hold), ...hold.model.summary }
    },
    'model.close': async ({ modelId }) => {
      await workplace.closeModel(modelId)
      return null
    },
    'model.tokenize': async ({ modelId, text }) => workplace.model(modelId).model.tokenizer.describe(text),
    'model.next': async ({ modelId, text, chat }) => {
      const model = workplace.model(modelId).share()
      try {
        return await nextTokens(model.model, text, chat)
      } finally {
        await model.release()
      }
    },
    'model.generate': async ({ modelId, prompt, ...options }, { signal, send }) => {
      const model = workplace.model(modelId).share()
      try {
        return await continuePrompt(model.model, prompt, options, (id, text) => { send({ kind: 'token', id, text }) }, signal)
      } finally {
        await model.release()
      }
    },

    'dataset.open': async ({ path, read }, { signal }) => {
      workplace.requireReadable(path)
      const dataset = await openDataset(path, read, signal)
      return { datasetId: await workplace.addDataset(dataset), ...dataset.summary }
    },
    'dataset.close': async ({ datasetId }) => {
      await workplace.closeDataset(datasetId)
      return null
    },
    'dataset.check': async ({ datasetId, roles, task }) => await workplace.dataset(datasetId).dataset.check(roles, task),
    'dataset.rows': async ({ datasetId, ...query }) => await workplace.dataset(datasetId).dataset.rows(query),
    'dataset.column': async ({ datasetId, column }) => await workplace.dataset(datasetId).dataset.columnValues(column),

    'session.create': async () => (await workplace.addSession(await Session.create(workplace.temporaryRoot))).state,
    'session.open': async ({ path }, { signal, send }) => {
      workplace.requireSession(path)
      const open = workplace.sessionAt(path)
      if (open !== null) return open.state
      // A window that was reloaded lets go of its session a moment after its successor asks for it.
      await Promise.race([Promise.allSettled(workplace.shared.closing), new Promise(resolve => { signal.addEventListener('abort', resolve) })])
      signal.throwIfAborted()
      const session = await isZip(path).catch(() => false) ? await Session.openZip(path, workplace.temporaryRoot, signal, (done, total) => { send({ kind: 'progress', done, total }) }) : await Session.open(path, workplace.temporaryRoot)
      return (await workplace.addSession(session)).state
    },
    'session.update': async ({ sessionId, modelId, datasetId, ...rest }) => {
      workplace.session(sessionId).update(sessionChange(workplace, modelId, datasetId, rest))
      return null
    },
    'session.saveAs': async ({ sessionId, path }) => {
      workplace.requireWritable(path)
      return await workplace.session(sessionId).saveAs(path)
    },
    'session.export': async ({ sessionId, path }, { signal, send }) => {
      workplace.requireWritable(path)
      return await workplace.session(sessionId).export(path, (done, total) => { send({ kind: 'progress', done, total }) }, signal)
    },
    'session.saveRecipe': async ({ sessionId, path }) => {
      workplace.requireWritable(path)
      await workplace.session(sessionId).saveRecipe(path)
      return null
    },
    'session.close': async ({ sessionId }) => {
      await workplace.closeSession(sessionId, 'discard-unsaved')
      return null
    },

    'run.start': async ({ sessionId, modelId, datasetId, roles, extraction, probe }, { signal, send }) => {
      const session = workplace.session(sessionId)
      session.update(sessionChange(workplace, modelId, datasetId, { roles, extraction, probe }))
      // Held until the run has ended, whatever the window closes meanwhile.
      const model = workplace.model(modelId).share()
      const dataset = workplace.dataset(datasetId).share()
      try {
        return await executeRun({ session, model: model.model, dataset: dataset.dataset, roles, extraction, probe, signal, onEvent: send })
      } finally {
        await model.release()
        await dataset.release()
      }
    },
    'run.values': async ({ sessionId, runId, position, site, method }) => {
      const run = workplace.session(sessionId).run(runId)
      return position === null ? await run.values(site, method) : await valuesAt(await sweptAt(run, position), site, method)
    },
    'run.positions': async ({ sessionId, runId }) => await keptPositions(workplace.session(sessionId).run(runId)),
    'run.readPositions': async ({ sessionId, runId, modelId, datasetId, positions }, { signal, send }) => {
      const session = workplace.session(sessionId)
      // Held until the last position is done, whatever the window closes meanwhile.
      const model = workplace.model(modelId).share()
      const dataset = workplace.dataset(datasetId).share()
      try {
        return await readPositions({ session, run: session.run(runId), model: model.model, dataset: dataset.dataset, positions, signal, onEvent: send })
      } finally {
        await model.release()
        await dataset.release()
      }
    },
    'run.row': async ({ sessionId, runId, row, method }) => await rowDetail(workplace, workplace.session(sessionId).run(runId), row, method),
    'run.neighbors': async ({ sessionId, runId, site, row, k }) => {
      const run = workplace.session(sessionId).run(runId)
      const store = await run.activations()
      const index = indexOf(store.indexOf(row), row)
      return nearestRows(await run.site(site), index, k).map(({ row: at, distance }) => ({ row: store.rows[at] ?? -1, distance }))
    },
    'probe.influence': async ({ sessionId, runId, site, row, k, without }, { signal }) =>
      await influenceOn(await sweptRun(workplace.session(sessionId).run(runId)), site, row, k, without, { signal }),
    'probe.refit': async ({ sessionId, runId, site, method, row, without }, { signal }) =>
      await refitOf(await sweptRun(workplace.session(sessionId).run(runId)), site, method, row, without, { signal }),
    'probe.transfer': async ({ sessionId, runId, site, method }, { signal, send }) => {
      const session = workplace.session(sessionId)
      return await transferOf(await sweptRun(session.run(runId)), session.allRuns, site, method, { signal, onProgress: progressOf(send) })
    },
    'probe.similarity': async ({ sessionId, runId, other }, { signal, send }) => {
      const session = workplace.session(sessionId)
      const [first, second] = [await storedRun(session.run(runId)), other === null ? null : await storedRun(session.run(other))]
      return await similarityOf(first, second, first.store.sites, second?.store.sites ?? [], { signal, onProgress: progressOf(send) })
    },
    'probe.codeLength': async ({ sessionId, runId, position, site }, { signal, send }) =>
      await codeLengthAt(await sweptAt(workplace.session(sessionId).run(runId), position), site, { signal, onProgress: progressOf(send) }),
    'probe.erasure': async ({ sessionId, runId, position, site, iterations }, { signal, send }) =>
      await erasureAt(await sweptAt(workplace.session(sessionId).run(runId), position), site, iterations, { signal, onProgress: progressOf(send) }),
    'probe.card': async ({ sessionId, runId, position, site, method }) => {
      const swept = await sweptAt(workplace.session(sessionId).run(runId), position)
      return await cellCard(swept, await cellMaterial(swept.finished, site, method))
    },
    'run.report': async ({ sessionId, runId, position, path, ...asked }, { signal }) => {
      workplace.requireWritable(path)
      return await writeReport(await sweptAt(workplace.session(sessionId).run(runId), position), path, asked, signal)
    },
    'probe.compare': async ({ sessionId, runId, position, site, method, other }, { signal }) =>
      await compareTwo(await sweptAt(workplace.session(sessionId).run(runId), position), { site, method }, other, signal),
    'probe.bestOfMany': async ({ sessionId, runId, position, measure }, { signal }) =>
      await bestOfRun(await sweptAt(workplace.session(sessionId).run(runId), position), measure, signal),
    'probe.sentences': async ({ sessionId, runId, site, method }) => await testSentences(workplace.session(sessionId).run(runId), site, method),
    'probe.tree': async ({ sessionId, runId, site, row, method }) => await sentenceTree(workplace.session(sessionId).run(runId), site, method, row),
    'projection.start': async ({ sessionId, runId, sites, plan }, { signal, send, sendFrame, acknowledged }) => {
      await projectRun({
        run: workplace.session(sessionId).run(runId), sites, plan, signal, acknowledged,
        onEvent(event) {
          if (event.kind === 'frame') sendFrame(event)
          else send(event)
        }
      })
      return null
    }
  }
}

function progressOf(send: (event: AnalysisProgress) => void): (done: number, total: number) => void {
  return (done, total) => { send({ kind: 'progress', done, total }) }
}

async function storedRun(run: RunFolder): Promise<StoredRun> {
  return { store: await run.activations(), datasetHash: run.summary.dataset.hash }
}

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined }

function sessionChange(
  workplace: Workplace, modelId: string | null | undefined, datasetId: string | null | undefined, rest: Optional<Omit<SessionChange, 'model' | 'dataset'>>
): SessionChange {
  const { roles, extraction, probe, projection, view } = rest
  return {
    ...(roles === undefined ? {} : { roles }), ...(extraction === undefined ? {} : { extraction }), ...(probe === undefined ? {} : { probe }),
    ...(projection === undefined ? {} : { projection }), ...(view === undefined ? {} : { view }),
    ...(modelId === undefined ? {} : { model: modelId === null ? null : reference(workplace.model(modelId).model.summary) }),
    ...(datasetId === undefined ? {} : { dataset: datasetId === null ? null : { ...reference(workplace.dataset(datasetId).dataset.summary), read: workplace.dataset(datasetId).dataset.summary.read } })
  }
}

function reference({ path, name, hash }: { readonly path: string; readonly name: string; readonly hash: string }): { readonly path: string; readonly name: string; readonly hash: string } {
  return { path, name, hash }
}

function indexOf(index: number, row: number): number {
  if (index < 0) throw new LayerscopeError({ code: 'row-not-stored', message: 'This row has no activations: it was skipped, or beyond the limit.', row: row + 1 })
  return index
}

async function rowDetail(workplace: Workplace, run: RunFolder, row: number, method: string | null): Promise<RowDetail> {
  const store = await run.activations()
  const index = indexOf(store.indexOf(row), row)
  const { text, cells } = await store.record(index)
  // Tokens need the model's tokenizer; a session whose model has moved still shows the rest.
  const tokens = workplace.modelOfHash(run.summary.model.hash)?.model.tokenizer.describe(text) ?? []
  const first = store.positions[index] ?? 0
  const positions = Array.from({ length: (store.positionEnds[index] ?? 0) - first }, (_, token) => first + token)
  return { row, text, tokens, positions, cells, scores: await scoresAt(run, index, method) }
}

async function scoresAt(run: RunFolder, index: number, method: string | null): Promise<RowDetail['scores']> {
  const { sweep, status } = run.summary
  if (sweep === null || status !== 'complete' || sweep.task === 'tree') return null
  const classes = []
  const numbers = []
  let targets: Extract<RowDetail['scores'], { kind: 'numeric' }>['targets'] = []
  for (const site of (await run.activations()).sites) {
    if (method === null ? run.methodAt(site) === null : run.resultAt(site, method) === null) continue
    const values = await run.values(site, method)
    if (values.kind === 'classes') {
      classes.push({ site, score: values.score[index] ?? NaN, predicted: sweep.classes[values.predicted[index] ?? -1] ?? '' })
    } else if (values.kind === 'numeric') {
      numbers.push({ site, predicted: values.targets.map(({ predicted }) => predicted[index] ?? NaN) })
      targets = values.targets.map(({ name, actual }) => ({ name, actual: actual[index] ?? NaN }))
    }
  }
  return numbers.length > 0 ? { kind: 'numeric', targets, at: numbers } : { kind: 'classes', at: classes }
}
