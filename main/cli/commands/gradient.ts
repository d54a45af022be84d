import { openSafetensors, writeSafetensors } from '../../engine/activations/index'
import { LayerscopeError } from '../../engine/errors'
import { quoted } from '../../engine/quoted'
import { openModel, type OpenModel, type TokenBatch } from '../../engine/models/index'
import type { Terminal } from '../terminal'
import { batchInput } from '../token-batch'

export interface GradientOptions {
  readonly text?: readonly string[]
  readonly ids?: string
  readonly of: string
  readonly wrt: string
  readonly out: string
}

/** What the gradient is taken of: one logit of every row, or the output weighted by a file's `cotangent`. */
export type GradientExpression =
  | { readonly kind: 'logit'; readonly token: string; readonly position: number | 'last' }
  | { readonly kind: 'cotangent'; readonly file: string }

/**
 * `logit:TOKEN@POS` (TOKEN an id or a token's text, POS from 0, from the end when negative, or `last`) or `logits·FILE`.
 * @throws LayerscopeError `arguments-invalid`
 */
function parseExpression(text: string): GradientExpression {
  const logit = /^logit:(.+)@(last|-?\d+)$/s.exec(text)
  if (logit?.[1] !== undefined && logit[2] !== undefined) return { kind: 'logit', token: logit[1], position: logit[2] === 'last' ? 'last' : Number(logit[2]) }
  const weighted = /^logits[·*](.+)$/s.exec(text)
  if (weighted?.[1] !== undefined) return { kind: 'cotangent', file: weighted[1] }
  throw new LayerscopeError({ code: 'arguments-invalid', message: `${quoted(text)} is neither logit:TOKEN@POS nor logits·FILE.`, field: 'of', hint: 'For example --of "logit: Paris@-1".' })
}

/** Derivative of an expression of the output with respect to a site, as `grad.SITE` in a safetensors file. */
export async function gradient(path: string, options: GradientOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const expression = parseExpression(options.of)
  const model = await openModel(path, { signal, onStage(stage) { terminal.stage(stage) } })
  try {
    const { batch, truncatedTokens } = await batchInput(model, options, terminal)
    const cotangent = expression.kind === 'cotangent' ? await readCotangent(expression.file, batch) : logitCotangent(model, batch, expression)
    const started = performance.now()
    const { data, shape } = await model.gradient(batch, options.wrt, cotangent)
    const ms = performance.now() - started
    signal.throwIfAborted()
    await writeSafetensors(options.out, [{ name: `grad.${options.wrt}`, dtype: 'F32', shape, data }])
    terminal.result({ shape, ms, truncatedTokens })
    terminal.print(`grad.${options.wrt} [${shape.join(', ')}] in ${Math.round(ms)} ms: ${options.out}`)
  } finally {
    await model.close()
  }
}

/** One at the chosen logit of each row, zero elsewhere: [rows, length, vocabulary]. */
function logitCotangent(model: OpenModel, { rows, length, attentionMask }: TokenBatch, { token, position }: GradientExpression & { readonly kind: 'logit' }): Float32Array {
  const vocab = model.sites.find(({ name }) => name === 'logits')?.width ?? null
  if (vocab === null) throw new LayerscopeError({ code: 'model-no-logits', message: 'This model gives no logits.', field: 'of', hint: 'Use logits·FILE with a cotangent shaped as its last block\'s output.' })
  const id = tokenId(model, token)
  if (id >= vocab) throw new LayerscopeError({ code: 'token-outside-vocabulary', message: `Token id ${id} lies outside this model's vocabulary of ${vocab}.`, field: 'of' })
  const cotangent = new Float32Array(rows * length * vocab)
  for (let row = 0; row < rows; row++) {
    const real = Array.from({ length }, (_, at) => at).filter(at => attentionMask[row * length + at] === 1)
    const at = real.at(position === 'last' ? -1 : position)
    if (at === undefined) throw new LayerscopeError({ code: 'position-outside-text', message: `Row ${row + 1} has ${real.length} tokens and none at position ${position}.`, field: 'of', row: row + 1 })
    cotangent[(row * length + at) * vocab + id] = 1
  }
  return cotangent
}

/** A number is an id; anything else a token's text. */
function tokenId(model: OpenModel, token: string): number {
  if (/^\d+$/.test(token)) return Number(token)
  const known = model.tokenizer.idOf(token)
  if (known !== undefined) return known
  const [id, ...more] = model.tokenizer.encode(token).ids
  if (id !== undefined && more.length === 0) return id
  throw new LayerscopeError({ code: 'token-unknown', message: `${quoted(token)} is not one token of this model.`, field: 'of', hint: 'Give the token\'s id.' })
}

async function readCotangent(path: string, { rows, length }: TokenBatch): Promise<Float32Array> {
  const file = await openSafetensors(path)
  try {
    const shape = file.tensors.get('cotangent')?.shape ?? []
    if (shape.length !== 3 || shape[0] !== rows || shape[1] !== length) {
      throw new LayerscopeError({ code: 'cotangent-malformed', message: `The file needs a tensor “cotangent” of the shape [${rows}, ${length}, …]; it has ${shape.length === 0 ? 'none' : `[${shape.join(', ')}]`}.`, file: path })
    }
    return await file.readFloat32('cotangent')
  } finally {
    await file.close()
  }
}
