import { openModel } from '../../engine/models/index'
import { LayerscopeError } from '../../engine/errors'
import { Interrupted } from '../interrupted'
import { printable, type Terminal } from '../terminal'

export interface GenerateOptions {
  readonly prompt: string
  readonly maxTokens: number
  readonly temperature: number
  readonly topP: number
  readonly seed: number
  readonly fast?: boolean
  readonly chat?: boolean
}

/** Continues a prompt: streamed as it comes, or told as one document with `--json`. What came before an interruption is kept. */
export async function generate(path: string, options: GenerateOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const model = await openModel(path, { signal, onStage(stage) { terminal.stage(stage) } })
  try {
    const { tokenizer } = model
    const { ids: prompt } = tokenizer.encode(options.chat === true ? model.renderChat(options.prompt) : options.prompt)
    if (prompt.length === 0) throw new LayerscopeError({ code: 'text-empty', message: 'The prompt has no tokens.' })
    const ids: number[] = []
    let shown = ''
    let firstAt = 0
    let lastAt = 0
    await model.generate(Array.from(prompt), {
      maxTokens: options.maxTokens, temperature: options.temperature, topP: options.topP, seed: options.seed,
      stopIds: model.stopIds, arithmetic: options.fast === true ? 'fast' : 'exact'
    }, id => {
      lastAt = performance.now()
      if (ids.length === 0) firstAt = lastAt
      ids.push(id)
      const text = tokenizer.decode(ids)
      // The bytes of one character may be several tokens.
      if (text.endsWith('\ufffd') || !text.startsWith(shown)) return
      terminal.stream(printableLines(text.slice(shown.length)))
      shown = text
    }, signal)
    const text = tokenizer.decode(ids)
    if (text.startsWith(shown)) terminal.stream(printableLines(text.slice(shown.length)))
    terminal.stream('\n')
    // The first token waits for the whole prompt: the rate is that of the ones after it.
    const tokensPerSecond = ids.length > 1 ? (ids.length - 1) / (lastAt - firstAt) * 1000 : 0
    terminal.result({ text, tokens: ids.length, tokensPerSecond, ids, promptTokens: prompt.length, ...(signal.aborted ? { cancelled: true } : {}) })
    terminal.progress(`${ids.length} tokens, ${tokensPerSecond.toFixed(1)} tokens/s`, true)
    if (signal.aborted) throw new Interrupted()
  } finally {
    await model.close()
  }
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
