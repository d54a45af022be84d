/** The worker thread of one open model: ONNX Runtime blocks this thread and no other. */
import { parentPort } from 'node:worker_threads'
import { errorReport, LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import type { ModelCheck } from '../../../../preload/contract'
import { checkBatch, providerCheck, runChecks } from './checks'
import { cachedGeneration, generate, type Continuation } from './generate'
import { gatherSite } from './gather'
import { loadDeclared, measure, type Measurement, type OpenSession } from './measure'
import { readModel } from '../read-model'
import { rehearse } from './rehearsal'
import type { Intervention, Tensor, TokenBatch } from '../open-model'
import { PackedGathering } from './packed-gathering'
import type { Pack, ReadableModel } from '../readable-model'
import { rightPadded } from './right-padding'
import { GraphSession, ModelSessions } from './sessions'
import type { MeasuredSite } from '../site-plan'
import type { OpenedGraph, WorkerReply, WorkerRequest } from './worker-messages'

const port = parentPort
if (port === null) throw new Error('model-worker runs as a worker thread')

interface Opened { readonly model: ReadableModel; readonly sessions: ModelSessions; readonly sites: ReadonlyMap<string, MeasuredSite>; readonly vocab: number | null }

let opened: Opened | null = null
let queue: Promise<void> = Promise.resolve()

const stopped = new Set<number>()

port.on('message', (request: WorkerRequest) => {
  if (request.kind === 'stop') {
    stopped.add(request.id)
    return
  }
  if (request.kind === 'rehearse') {
    // One that fails has cost nothing: a model that cannot be opened says so itself.
    queue = queue.then(rehearse).catch(() => undefined)
    return
  }
  queue = queue.then(() => answer(request)).catch((error: unknown) => {
    send({ kind: 'error', id: request.id, error: errorReport(error) })
  })
})

function send(reply: WorkerReply, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(reply, [...transfer])
}

async function answer(request: Exclude<WorkerRequest, { kind: 'stop' | 'rehearse' }>): Promise<void> {
  if (request.kind === 'open') await open(request)
  else if (request.kind === 'run') await run(request)
  else if (request.kind === 'gradient') await gradient(request)
  else if (request.kind === 'generate') await generateTokens(request)
  else {
    await opened?.sessions.close()
    opened = null
    send({ kind: 'closed', id: request.id })
  }
}

async function open({ id, files, provider, hints }: WorkerRequest & { readonly kind: 'open' }): Promise<void> {
  const stage = (text: string): void => { send({ kind: 'stage', id, stage: text }) }
  stage('Reading the graph')
  const model = await readModel(files)
  const batch = checkBatch(model.vocab ?? hints.vocab ?? 1000, hints.padTokenId ?? 0)
  stage('Loading weights')
  const cache = { kvHeads: hints.kvHeads, headDim: hints.headDim }
  const openOn = (name: string): OpenSession => sources => GraphSession.create(model, name, { sources, original: true, use: 'brief' }, cache)
  const { declared } = model
  const started = await start(provider, name => declared === null
    ? measure(model, openOn(name), batch, hints)
    : loadDeclared(declared, openOn(name), batch, () => { send({ kind: 'ready', id, opened: openedGraph(model, { ...declared, warnings: [] }, [], name, null) }) }))
  const { measured, note } = started
  const readable: ReadableModel = { ...model, sites: measured.sites }
  stage('Checking')
  const checks: ModelCheck[] = []
  const report = (check: ModelCheck): void => {
    checks.push(check)
    send({ kind: 'check', id, check })
  }
  await runChecks(readable, measured.session, openOn(started.provider), batch, measured.outputs, report)
  if (started.provider !== 'cpu') {
    const sources = [...measured.outputs.keys()]
    const reference = await openOn('cpu')(sources)
    report(providerCheck(readable, started.provider, measured.outputs, await reference.run(batch, sources), batch))
    await reference.release()
  }
  opened = { model, sessions: new ModelSessions(model, started.provider, cache, prepacked => { send({ kind: 'prepacked', id, prepacked }) }), sites: new Map(measured.sites.map(site => [site.name, site])), vocab: model.vocab }
  send({ kind: 'opened', id, opened: openedGraph(model, measured, checks, started.provider, note) })
}

function openedGraph(
  model: ReadableModel, { sites, hidden, heads, kvHeads, headDim, warnings }: Omit<Measurement, 'outputs' | 'session'>,
  checks: readonly ModelCheck[], provider: string, providerNote: string | null
): OpenedGraph {
  const names = new Set(sites.map(site => site.name))
  return {
    sites, defaultSites: model.defaultSites.filter(name => names.has(name)), structure: model.structure, layers: model.layers, sharesPrefixes: model.sharesPrefixes, gradientOutput: model.gradientGraph?.of ?? null,
    hidden, heads, kvHeads, headDim, vocab: model.vocab, precision: model.precision,
    warnings: [...model.warnings, ...warnings], weightFiles: model.weightFiles, memory: model.memory, checks, provider, providerNote
  }
}

interface Started { readonly measured: Measurement; readonly provider: string; readonly note: string | null }

/** First run on the provider asked for; where that fails, on the CPU with the reason. */
async function start(provider: string, first: (provider: string) => Promise<Measurement>): Promise<Started> {
  try {
    return { measured: await first(provider), provider, note: null }
  } catch (error) {
    if (provider === 'cpu') throw error
    return {
      measured: await first('cpu'), provider: 'cpu',
      note: `The ${provider} provider cannot run this model, so the CPU does: ${errorReport(error).message}`
    }
  }
}

async function run({ id, batch, sites, gather, interventions }: WorkerRequest & { readonly kind: 'run' }): Promise<void> {
  if (opened === null) throw new LayerscopeError({ code: 'model-closed', message: 'This model is closed.' })
  const { model, sessions, sites: known, vocab } = opened
  refuseForeignIds(batch, vocab)
  const asked = sites.map(name => {
    const site = known.get(name)
    if (site === undefined) {
      throw new LayerscopeError({ code: 'site-unknown', message: `This model has no site ${quoted(name)}.`, field: 'sites', hint: 'Choose among the sites the model lists.' })
    }
    return site
  })
  for (const intervention of interventions) requireIntervention(model, known, batch, intervention)
  if (new Set(interventions.map(({ site }) => known.get(site)?.source)).size < interventions.length) throw new LayerscopeError({ code: 'intervention-invalid', message: 'Two interventions change the same site.', hint: 'Put them into one.' })
  const packs = interventions.length > 0 ? null : worthPacking(model, batch, asked)
  if (packs !== null) {
    const gathering = new PackedGathering(asked, batch, gather)
    for (const pack of packs) gathering.add(pack, await sessions.runPack(pack, [...new Set(asked.map(site => site.source))]))
    const tensors = gathering.tensors()
    send({ kind: 'tensors', id, tensors, computedTokens: packs.reduce((total, pack) => total + pack.tokens.length, 0) }, tensors.map(([, { data }]) => data.buffer))
    return
  }
  // What others exported may number positions by place: its rows begin at the left.
  const right = model.declared === null ? rightPadded(batch) : null
  const outputs = await sessions.run(right?.batch ?? batch, [...new Set(asked.map(site => site.source))], interventions)
  const tensors: [string, Tensor][] = []
  const transfer = new Set<ArrayBuffer>()
  for (const site of asked) {
    const output = outputs.get(site.source)
    if (output === undefined) throw new LayerscopeError({ code: 'model-run-failed', message: `The session gave no output for ${site.name}.` })
    const placed = right?.restore(output, site.layout) ?? output
    const tensor = gatherSite(placed.data, placed.dims, site, batch, gather, site.name)
    // Copied out of ONNX Runtime's own memory, which belongs to it and cannot be transferred.
    const data = tensor.data === output.data ? tensor.data.slice() : tensor.data
    if (data.buffer instanceof ArrayBuffer) transfer.add(data.buffer)
    tensors.push([site.name, { data, shape: tensor.shape }])
  }
  send({ kind: 'tensors', id, tensors, computedTokens: batch.rows * batch.length }, [...transfer])
}

/** An intervention whose site or sizes do not fit would run into an error deep in the graph. */
function requireIntervention(model: ReadableModel, known: ReadonlyMap<string, MeasuredSite>, { rows, length }: TokenBatch, { site, add, patch }: Intervention): void {
  const invalid = (message: string, hint?: string): LayerscopeError => new LayerscopeError({ code: 'intervention-invalid', message, field: site, ...(hint === undefined ? {} : { hint }) })
  const found = known.get(site)
  if (model.interventionFeeds === null) throw invalid('This model is a graph that somebody else exported: its sites can be read, not changed.', 'Open the safetensors folder or GGUF file of the model.')
  if (found === undefined || found.layout !== 'token') throw invalid(`${site} is no site that can be changed.`, 'Choose a residual site, or what a sublayer adds to it.')
  const whole = rows * length * found.width
  if (add !== undefined && add.length !== found.width && add.length !== whole) throw invalid(`What is added to ${site} has ${String(add.length)} values, not ${String(found.width)} or ${String(whole)}.`)
  if (patch !== undefined && (patch.mask.length !== rows * length || patch.value.length !== whole)) throw invalid(`The patch of ${site} does not have the batch's shape.`)
}

/** A pack's attention is wider than a short row's: of a small batch it has to save more than that costs. */
const LEAST_SAVING = 0.1
/** Padded tokens from which packs are better in any case where they have no padding and memory is bounded by one of them. */
const LARGE_BATCH = 256

/** The batch in packs, where those save enough; null for sites that relate pairs of tokens, which have no place in a pack. */
function worthPacking(model: ReadableModel, batch: TokenBatch, asked: readonly MeasuredSite[]): readonly Pack[] | null {
  if (model.pack === null || asked.some(site => site.layout === 'pattern')) return null
  const packs = model.pack(batch)
  const computed = packs.reduce((total, pack) => total + pack.tokens.length, 0)
  const padded = batch.rows * batch.length
  return computed <= padded * (1 - LEAST_SAVING) || (model.sharesPrefixes && padded > LARGE_BATCH) ? packs : null
}

async function gradient({ id, batch, wrt, cotangent }: WorkerRequest & { readonly kind: 'gradient' }): Promise<void> {
  if (opened === null) throw new LayerscopeError({ code: 'model-closed', message: 'This model is closed.' })
  const { model, sites, sessions, vocab } = opened
  refuseForeignIds(batch, vocab)
  const site = sites.get(wrt)
  if (model.gradientGraph === null) {
    throw new LayerscopeError({ code: 'gradient-unsupported', message: 'This model is a graph that somebody else exported: it has no backward pass.', hint: 'Open the safetensors folder or GGUF file of the model.' })
  }
  if (site === undefined) throw new LayerscopeError({ code: 'site-unknown', message: `This model has no site ${quoted(wrt)}.`, field: 'wrt', hint: 'Choose among the sites the model lists.' })
  const width = sites.get(model.gradientGraph.of)?.width ?? 0
  if (cotangent.length !== batch.rows * batch.length * width) {
    throw new LayerscopeError({ code: 'cotangent-malformed', message: `The cotangent must have the shape [${String(batch.rows)}, ${String(batch.length)}, ${String(width)}] of ${model.gradientGraph.of}.`, field: 'cotangent' })
  }
  const { data, dims } = await sessions.gradient(batch, site.source, cotangent, width)
  const own = data.slice()
  send({ kind: 'gradient', id, tensor: { data: own, shape: dims } }, [own.buffer])
}

async function generateTokens({ id, prompt, options, arithmetic, limit }: WorkerRequest & { readonly kind: 'generate' }): Promise<void> {
  if (opened === null) throw new LayerscopeError({ code: 'model-closed', message: 'This model is closed.' })
  const { model, sessions, sites, vocab } = opened
  if (!sites.has('logits')) throw new LayerscopeError({ code: 'model-no-logits', message: 'This model gives no next-token logits: it is an encoder, or was exported without its head.', hint: 'Open a language model.' })
  refuseForeignIds({ rows: 1, length: prompt.length, inputIds: Int32Array.from(prompt), attentionMask: new Uint8Array(prompt.length).fill(1) }, vocab)
  const next = model.cachedGraph === null ? wholePrefix(sessions, sites.get('logits')?.source ?? '') : await cachedGeneration(model.cachedGraph(arithmetic, options.temperature === 0 ? 'greedy' : 'sampled'))
  try {
    for await (const token of generate(next, prompt, options, limit)) {
      send({ kind: 'token', id, token })
      // A macrotask, so that a request to stop is seen.
      await new Promise(resolve => { setImmediate(resolve) })
      if (stopped.delete(id)) break
    }
  } finally {
    await next.close()
  }
  send({ kind: 'generated', id })
}

/** Generation without a cache: the whole prefix runs again for each token. */
function wholePrefix(sessions: ModelSessions, source: string): Continuation {
  const prefix: number[] = []
  return {
    async append(ids) {
      prefix.push(...ids)
      const batch: TokenBatch = { rows: 1, length: prefix.length, inputIds: Int32Array.from(prefix), attentionMask: new Uint8Array(prefix.length).fill(1) }
      const logits = (await sessions.run(batch, [source])).get(source)?.data ?? new Float32Array(0)
      return { kind: 'logits', logits: logits.slice(logits.length - logits.length / prefix.length) }
    },
    close: () => Promise.resolve()
  }
}

/** A tokenizer of another model is the usual reason for ids that the embedding has no row for. */
function refuseForeignIds({ inputIds, attentionMask }: TokenBatch, vocab: number | null): void {
  if (vocab === null) return
  const at = inputIds.findIndex((id, token) => (id >= vocab || id < 0) && attentionMask[token] === 1)
  if (at < 0) return
  throw new LayerscopeError({
    code: 'token-outside-vocabulary',
    message: `Token id ${String(inputIds[at])} lies outside this model's vocabulary of ${String(vocab)}.`,
    hint: 'Check that the tokenizer.json beside the model is its own.'
  })
}
