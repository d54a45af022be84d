import type { Generation, NextTokens, PromptToken } from '../../preload/contract'
import { LayerscopeError } from './errors'
import type { OpenModel, Tokenizer } from './models/index'

const LISTED = 10
/** The graph gives logits at every position of the prompt: [tokens, vocabulary] float32 at most this large. */
const MOST_LOGIT_BYTES = 2 ** 30

/**
 * The prompt's tokens and the model's distribution over the one after them: softmax over the whole vocabulary.
 * A model that predicts none gives the tokens alone.
 * @throws LayerscopeError `prompt-too-long`, `tokenizer-missing`, `chat-template-missing`, `model-run-failed`
 */
export async function nextTokens(model: OpenModel, text: string, chat: boolean): Promise<NextTokens> {
  const { tokenizer, summary } = model
  const read = chat ? model.renderChat(text) : text
  const { ids } = tokenizer.encode(read)
  const tokens = tokenizer.describe(read).map((token): PromptToken => ({ ...token, bytes: bytesOf(tokenizer, token.id) }))
  if (ids.length === 0 || summary.promptObstacle !== null) return { tokens, top: [], other: 0 }
  const most = Math.min(summary.maxPositions ?? Infinity, Math.floor(MOST_LOGIT_BYTES / 4 / (summary.vocab ?? tokenizer.vocabSize)))
  refuseLong(ids.length, most)
  const batch = { rows: 1, length: ids.length, inputIds: ids, attentionMask: new Uint8Array(ids.length).fill(1) }
  const logits = (await model.run(batch, ['logits'], { kind: 'positions', positions: [Int32Array.of(ids.length - 1)] })).get('logits')?.data ?? new Float32Array(0)
  const top = mostProbable(logits, LISTED).map(({ id, probability }) => ({ id, text: tokenizer.tokenText(id), bytes: bytesOf(tokenizer, id), probability }))
  return { tokens, top, other: Math.max(0, 1 - top.reduce((sum, { probability }) => sum + probability, 0)) }
}

function bytesOf(tokenizer: Tokenizer, id: number): readonly number[] | null {
  const bytes = tokenizer.tokenBytes(id)
  return bytes === null ? null : Array.from(bytes)
}

function refuseLong(tokens: number, most: number): void {
  if (tokens <= most) return
  throw new LayerscopeError({
    code: 'prompt-too-long', message: `The prompt has ${String(tokens)} tokens; ${String(most)} can be read.`, field: 'text', hint: 'Shorten the prompt.'
  })
}

/**
 * The `count` largest entries of softmax(logits), largest first, the lower id on a tie.
 * Sums in float64 after subtracting the largest logit.
 */
export function mostProbable(logits: Float32Array, count: number): readonly { readonly id: number; readonly probability: number }[] {
  const best: number[] = []
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] ?? -Infinity
    if (best.length === count && logit <= (logits[best[count - 1] ?? 0] ?? -Infinity)) continue
    let place = best.length
    while (place > 0 && logit > (logits[best[place - 1] ?? 0] ?? -Infinity)) place--
    best.splice(place, 0, id)
    if (best.length > count) best.pop()
  }
  const highest = logits[best[0] ?? 0] ?? 0
  let total = 0
  for (const logit of logits) total += Math.exp(logit - highest)
  return best.map(id => ({ id, probability: Math.exp((logits[id] ?? -Infinity) - highest) / total }))
}

export interface ContinuationOptions {
  readonly chat: boolean
  readonly maxTokens: number
  readonly temperature: number
  readonly topP: number
  readonly seed: number
}

/**
 * Continues a prompt, token by token. A signal ends it after the token under way; what came before is kept.
 * @param onToken receives each token with the text it adds
 * @throws LayerscopeError `model-no-logits`, `text-empty`, `prompt-too-long`
 */
export async function continuePrompt(model: OpenModel, prompt: string, options: ContinuationOptions, onToken: (id: number, text: string) => void, signal: AbortSignal): Promise<Generation> {
  const { tokenizer, summary } = model
  const { promptObstacle, maxPositions } = summary
  if (promptObstacle != null) throw new LayerscopeError({ code: 'model-no-logits', message: promptObstacle, hint: 'Open a language model.' })
  const { chat, ...sampling } = options
  const { ids: read } = tokenizer.encode(chat ? model.renderChat(prompt) : prompt)
  if (read.length === 0) throw new LayerscopeError({ code: 'text-empty', message: 'The prompt has no tokens.', field: 'prompt' })
  refuseLong(read.length, (maxPositions ?? Infinity) - 1)
  const text = new StreamedText(tokenizer, read.at(-1) ?? 0)
  let tokens = 0
  let firstAt = 0
  let lastAt = 0
  await model.generate(Array.from(read), { ...sampling, stopIds: model.stopIds, arithmetic: 'exact' }, id => {
    lastAt = performance.now()
    if (tokens === 0) firstAt = lastAt
    tokens += 1
    onToken(id, text.add(id))
  }, signal)
  const filled = tokens >= options.maxTokens || (maxPositions !== null && read.length + tokens >= maxPositions)
  return {
    text: text.whole(), tokens,
    tokensPerSecond: tokens > 1 && lastAt > firstAt ? (tokens - 1) / (lastAt - firstAt) * 1000 : 0,
    ended: filled ? 'length' : signal.aborted ? 'cancelled' : 'end'
  }
}

/** Text that grows token by token. The bytes of one character may be several tokens: it is held back until it is whole. */
class StreamedText {
  private readonly ids: number[]
  private readonly before: string
  private shown = ''

  /** Decoded together with the prompt's last token: some decoders drop a space at the start of a text. */
  constructor(private readonly tokenizer: Tokenizer, lastOfPrompt: number) {
    this.ids = [lastOfPrompt]
    this.before = tokenizer.decode(this.ids)
  }

  add(id: number): string {
    this.ids.push(id)
    const text = this.whole()
    if (text.endsWith('\ufffd') || !text.startsWith(this.shown)) return ''
    const added = text.slice(this.shown.length)
    this.shown = text
    return added
  }

  whole(): string {
    const text = this.tokenizer.decode(this.ids)
    return text.startsWith(this.before) ? text.slice(this.before.length) : this.tokenizer.decode(this.ids.slice(1))
  }
}
