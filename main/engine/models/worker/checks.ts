import { basename } from 'node:path'
import type { ModelCheck } from '../../../../preload/contract'
import type { TokenBatch } from '../open-model'
import type { ReadableModel } from '../readable-model'
import type { OpenSession } from './measure'
import { postNormError } from './post-norm'
import type { GraphSession, RawOutput, RawOutputs } from './sessions'
import type { SitePlan } from '../site-plan'

/** A batch for self-tests: two rows of plain tokens, the second one padded. */
export function checkBatch(vocab: number, padTokenId: number): TokenBatch {
  const length = 7
  const real = [length, 4]
  const inputIds = new Int32Array(2 * length).fill(padTokenId)
  const attentionMask = new Uint8Array(2 * length)
  real.forEach((count, row) => {
    for (let position = 0; position < count; position++) {
      // Spread over the middle of the vocabulary, away from special tokens at its ends.
      inputIds[row * length + position] = Math.floor(vocab * (0.1 + 0.8 * ((row * 5 + position * 3) % 11) / 11))
      attentionMask[row * length + position] = 1
    }
  })
  return { rows: 2, length, inputIds, attentionMask }
}

interface Difference { readonly largest: number; readonly site: string }

/**
 * Self-tests of an opened model, each a few tokens long:
 * every site finite; the additive identities of its structure; outputs unchanged by what was added; padded batch equal to single rows.
 */
export async function runChecks(
  model: ReadableModel, all: GraphSession, openSession: OpenSession, batch: TokenBatch, measured: RawOutputs, report: (check: ModelCheck) => void
): Promise<void> {
  report(finiteCheck(model, measured, batch))
  const identity = identityCheck(model, measured, batch)
  if (identity !== null) report(identity)
  report(await batchingCheck(model, all, batch, measured))
  if (model.mainOutput === null) return all.release()
  const beside = await all.runOriginal(batch, model.mainOutput)
  // One copy of the weights at a time.
  await all.release()
  const alone = await openSession([])
  report(unchangedCheck(model, model.mainOutput, await alone.runOriginal(batch, model.mainOutput), beside, batch))
  await alone.release()
}

function finiteCheck(model: ReadableModel, measured: RawOutputs, batch: TokenBatch): ModelCheck {
  const tested = model.sites.filter(site => measured.has(site.source))
  const broken = tested.filter(site => {
    const output = measured.get(site.source)
    return output !== undefined && !everyReal(output.data, site, batch, Number.isFinite)
  })
  return {
    name: 'finite', ok: broken.length === 0,
    detail: broken.length === 0
      ? `All ${String(tested.length)} sites read are finite.`
      : `Not finite from ${broken[0]?.name ?? ''} on (${String(broken.length)} of ${String(tested.length)} sites): ${basename(model.weightFiles[0] ?? 'the file')} holds weights that are no numbers, or its activations overflow. Copy or download it again; a file of another precision may do.`
  }
}

const IDENTITY_TOLERANCE = 1e-4
/** The norm's epsilon is not known here and left out. */
const POST_NORM_TOLERANCE = 1e-2

/** resid_mid = resid_pre + attn_out, resid_post = resid_mid + mlp_out (parallel: pre + both), next resid_pre = resid_post. */
function identityCheck(model: ReadableModel, measured: RawOutputs, batch: TokenBatch): ModelCheck | null {
  if (model.structure === 'unknown' || model.layers === 0) return null
  const sources = new Map(model.sites.map(site => [site.name, site]))
  const read = (name: string): Float32Array | null => {
    const site = sources.get(name)
    return site === undefined ? null : measured.get(site.source)?.data ?? null
  }
  let worst: Difference = { largest: 0, site: '' }
  let tested = 0
  const compare = (sum: string, parts: readonly string[]): void => {
    const whole = read(sum)
    const terms = parts.map(read)
    if (whole === null || terms.some(term => term === null)) return
    tested++
    const width = whole.length / (batch.rows * batch.length)
    for (let at = 0; at < whole.length; at++) {
      if (batch.attentionMask[Math.floor(at / width)] !== 1) continue
      let total = 0
      for (const term of terms) total += term?.[at] ?? 0
      const difference = Math.abs(total - (whole[at] ?? 0)) / Math.max(1, Math.abs(total))
      if (!(difference <= worst.largest)) worst = { largest: difference, site: sum }
    }
  }
  for (let layer = 0; layer < model.layers; layer++) {
    const at = `blocks.${String(layer)}`
    if (model.structure === 'sequential') {
      compare(`${at}.hook_resid_mid`, [`${at}.hook_resid_pre`, `${at}.hook_attn_out`])
      compare(`${at}.hook_resid_post`, [`${at}.hook_resid_mid`, `${at}.hook_mlp_out`])
    } else if (model.structure === 'post-norm') {
      const mid = read(`${at}.attn_block_out`)
      for (const [before, added, after] of [[read(`${at}.hook_resid_pre`), read(`${at}.hook_attn_out`), mid], [mid, read(`${at}.hook_mlp_out`), read(`${at}.block_out`)]] as const) {
        if (before === null || added === null || after === null) continue
        tested++
        const largest = postNormError(before, added, after, batch.attentionMask)
        if (!(largest <= worst.largest)) worst = { largest, site: after === mid ? `${at}.attn_block_out` : `${at}.block_out` }
      }
    } else if (model.structure === 'parallel') {
      compare(`${at}.hook_resid_post`, [`${at}.hook_resid_pre`, `${at}.hook_attn_out`, `${at}.hook_mlp_out`])
    }
    const output = model.structure === 'post-norm' ? 'block_out' : 'hook_resid_post'
    compare(`blocks.${String(layer + 1)}.hook_resid_pre`, [`${at}.${output}`])
  }
  if (tested === 0) return null
  const formula = model.structure === 'sequential' ? 'resid_pre + attn_out = resid_mid, resid_mid + mlp_out = resid_post'
    : model.structure === 'parallel' ? 'resid_pre + attn_out + mlp_out = resid_post' : 'attn_block_out = norm(resid_pre + attn_out), block_out = norm(attn_block_out + mlp_out)'
  const ok = worst.largest <= toleranceFor(model, model.structure === 'post-norm' ? POST_NORM_TOLERANCE : IDENTITY_TOLERANCE)
  return { name: 'identity', ok, detail: ok ? `${formula}: ${String(tested)} equations hold within ${exponent(worst.largest)}.` : Number.isFinite(worst.largest) ? `${formula} fails at ${worst.site} by ${exponent(worst.largest)}.` : `${formula} cannot be told at ${worst.site}, which is not finite.` }
}

/** float16 weights round every sum in their own precision. */
function toleranceFor(model: ReadableModel, full: number): number {
  return model.precision === 'float16' || model.precision === 'bfloat16' ? Math.max(full, 2e-2) : full
}

function unchangedCheck(model: ReadableModel, output: string, { data: alone }: RawOutput, { data: beside }: RawOutput, batch: TokenBatch): ModelCheck {
  if (alone.length === 0 || alone.length !== beside.length) return { name: 'output-unchanged', ok: false, detail: 'The model’s own output is missing once sites are added.' }
  let scale = 1
  for (const value of alone) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value))
  const perToken = alone.length % (batch.rows * batch.length) === 0
  const width = perToken ? alone.length / (batch.rows * batch.length) : alone.length
  let largest = 0
  for (let at = 0; at < alone.length; at++) {
    if (perToken && batch.attentionMask[Math.floor(at / width)] !== 1) continue
    const difference = Math.abs((alone[at] ?? 0) - (beside[at] ?? 0)) / scale
    if (!(difference <= largest)) largest = difference
  }
  // Rounding of an activation to 8 bits turns a last-digit difference into a whole step.
  const tolerance = model.dynamicQuantisation ? 5e-2 : toleranceFor(model, 1e-5)
  return {
    name: 'output-unchanged', ok: largest <= tolerance,
    detail: `Reading every site moves ${output} by at most ${exponent(largest)} of its range${model.dynamicQuantisation ? ' (activations are rounded to 8 bits)' : ''}.`
  }
}

async function batchingCheck(model: ReadableModel, all: GraphSession, batch: TokenBatch, measured: RawOutputs): Promise<ModelCheck> {
  const sources = [...measured.keys()]
  let worst: Difference = { largest: 0, site: '' }
  // Where the graph is our own its inputs are too, and the padded row alone tells whether padding leaks.
  for (let row = model.declared === null ? 0 : batch.rows - 1; row < batch.rows; row++) {
    const mask = batch.attentionMask.subarray(row * batch.length, (row + 1) * batch.length)
    const length = mask.reduce((total, real) => total + real, 0)
    const single: TokenBatch = { rows: 1, length, inputIds: batch.inputIds.slice(row * batch.length, row * batch.length + length), attentionMask: new Uint8Array(length).fill(1) }
    const alone = await all.run(single, sources)
    for (const site of model.sites) {
      const whole = measured.get(site.source)?.data
      const one = alone.get(site.source)?.data
      if (whole === undefined || one === undefined) continue
      const largest = rowDifference(whole, one, site, batch, row, length)
      if (!(largest <= worst.largest)) worst = { largest, site: site.name }
    }
  }
  if (model.dynamicQuantisation) {
    return {
      name: 'batched-equals-unbatched', ok: worst.largest <= 0.5,
      detail: `This model rounds activations to 8 bits by the range of the whole batch, so a row differs by up to ${exponent(worst.largest)} of a site's range with the rows beside it (largest at ${worst.site}).`
    }
  }
  const ok = worst.largest <= toleranceFor(model, 1e-4)
  return {
    name: 'batched-equals-unbatched', ok,
    detail: ok ? `A padded batch equals single rows within ${exponent(worst.largest)} at every site.` : Number.isFinite(worst.largest) ? `A padded batch differs from single rows by ${exponent(worst.largest)} at ${worst.site}.` : `A padded batch cannot be compared with single rows at ${worst.site}, which is not finite.`
  }
}

/** Largest difference between a row in a batch and the row alone, over real positions, relative to the largest value (at least 1). */
function rowDifference(whole: Float32Array, one: Float32Array, site: SitePlan, batch: TokenBatch, row: number, length: number): number {
  let scale = 1
  for (const value of one) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value))
  let largest = 0
  const note = (a: number, b: number): void => {
    const difference = Math.abs(a - b) / scale
    if (!(difference <= largest)) largest = difference
  }
  if (site.layout === 'pattern') {
    const heads = one.length / (length * length)
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < length; query++) {
        for (let key = 0; key < length; key++) {
          note(whole[((row * heads + head) * batch.length + query) * batch.length + key] ?? 0, one[(head * length + query) * length + key] ?? 0)
        }
      }
    }
    return largest
  }
  const width = one.length / length
  // A position embedding shared by all rows has one row of its own.
  const rows = whole.length / (batch.length * width)
  const from = (rows === 1 ? 0 : row) * batch.length * width
  for (let at = 0; at < one.length; at++) note(whole[from + at] ?? 0, one[at] ?? 0)
  return largest
}

/** Largest difference between two providers' sites relative to each site's range. */
export function providerCheck(model: ReadableModel, provider: string, measured: RawOutputs, onCpu: RawOutputs, batch: TokenBatch): ModelCheck {
  let worst: Difference = { largest: 0, site: '' }
  for (const site of model.sites) {
    const [a, b] = [measured.get(site.source)?.data, onCpu.get(site.source)?.data]
    if (a === undefined || b === undefined) continue
    let scale = 1
    for (const value of b) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value))
    let largest = 0
    everyReal(a, site, batch, (value, at) => {
      const difference = Math.abs(value - (b[at] ?? 0)) / scale
      if (!(difference <= largest)) largest = difference
      return true
    })
    if (!(largest <= worst.largest)) worst = { largest, site: site.name }
  }
  const tolerance = model.dynamicQuantisation ? 0.5 : toleranceFor(model, 1e-3)
  const ok = worst.largest <= tolerance
  return {
    name: 'provider-agrees', ok,
    detail: `${provider} and cpu differ by at most ${exponent(worst.largest)} of a site's range${worst.site === '' ? '' : ` (${worst.site})`}.`
  }
}

/** Tests every value at a real position; false at the first that fails. */
function everyReal(data: Float32Array, site: SitePlan, batch: TokenBatch, test: (value: number, at: number) => boolean): boolean {
  const { rows, length, attentionMask } = batch
  const real = (row: number, position: number): boolean => attentionMask[row * length + position] === 1
  const heads = data.length / (rows * length * length)
  const width = data.length / (rows * length)
  for (let at = 0; at < data.length; at++) {
    if (site.layout === 'pattern') {
      const key = at % length
      const query = Math.floor(at / length) % length
      const row = Math.floor(at / (length * length * heads))
      if (!real(row, query) || !real(row, key)) continue
    } else if (Number.isInteger(width)) {
      const token = Math.floor(at / width)
      if (!real(Math.floor(token / length), token % length)) continue
    }
    if (!test(data[at] ?? NaN, at)) return false
  }
  return true
}

function exponent(value: number): string {
  return value === 0 ? '0 (exactly)' : Number.isFinite(value) ? value.toExponential(1) : 'an infinite amount'
}
