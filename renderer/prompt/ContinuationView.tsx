import { Copy, CornerDownLeft, Sparkles, Square } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { Generation } from '../../preload/contract'
import { Button, ErrorNotice, Field, formatQuantity, IconButton, NumberInput, SegmentedControl } from '../components'
import { copyText } from '../plots'
import { generate, keepContinuation, setSampling, stopGenerating, usePrompt, type Continuation } from '../state/prompt'

/** Continues the prompt: how, the button, and the text as it comes. */
export function ContinuationView(): React.JSX.Element {
  const { greedy, maxTokens, temperature, topP, seed } = usePrompt(({ sampling }) => sampling)
  const empty = usePrompt(({ text }) => text === '')
  const continuation = usePrompt(({ continuation }) => continuation)
  const running = continuation !== null && continuation.result === null && continuation.error === null
  return (
    <section className="Continuation" aria-label="Continuation">
      <div className="Continuation-controls">
        <div className="Field">
          <span className="Field-label">Each token</span>
          <SegmentedControl label="Each token" value={greedy ? 'greedy' : 'sample'} onChange={(value) => setSampling({ greedy: value === 'greedy' })}
            options={[{ value: 'greedy', label: 'Most probable' }, { value: 'sample', label: 'Sampled' }]} />
        </div>
        {!greedy && (
          <>
            <Field label="Temperature">{(id) => <NumberInput id={id} value={temperature} min={0.05} max={10} step={0.05} onChange={(value) => setSampling({ temperature: value })} />}</Field>
            <Field label="Top-p">{(id) => <NumberInput id={id} value={topP} min={0.01} max={1} step={0.01} onChange={(value) => setSampling({ topP: value })} />}</Field>
            <Field label="Seed">{(id) => <NumberInput id={id} value={seed} min={0} max={2 ** 32 - 1} onChange={(value) => setSampling({ seed: value })} />}</Field>
          </>
        )}
        <Field label="Tokens at most">{(id) => <NumberInput id={id} value={maxTokens} min={1} max={8192} onChange={(value) => setSampling({ maxTokens: value })} />}</Field>
        {running
          ? <Button className="Continuation-act" icon={Square} onClick={stopGenerating}>Stop</Button>
          : <Button className="Continuation-act" variant="primary" icon={Sparkles} shortcut="Mod+Enter" disabled={empty} onClick={() => void generate()}>Generate</Button>}
      </div>
      <Output continuation={continuation} running={running} />
    </section>
  )
}

function Output({ continuation, running }: { readonly continuation: Continuation | null; readonly running: boolean }): React.JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const text = continuation?.text ?? ''
  useEffect(() => { box.current?.scrollTo({ top: box.current.scrollHeight }) }, [text])
  return (
    <>
      <div className="Continuation-text selectable" ref={box} tabIndex={0} role="region" aria-label="Generated text" aria-busy={running}>
        {continuation === null
          ? <p className="CardQuiet">The model’s continuation of the prompt appears here.</p>
          : <p><span className="Continuation-prompt">{continuation.prompt}</span>{text}{running && <span className="Continuation-caret" aria-hidden />}</p>}
        {continuation?.error && <ErrorNotice error={continuation.error} action={<Button size="small" onClick={() => void generate()}>Try again</Button>} />}
      </div>
      <div className="Continuation-status">
        <span className="CardQuiet tabular" role="status">{continuation === null ? '\u00a0' : running ? (continuation.tokens === 0 ? 'Reading the prompt…' : formatQuantity(continuation.tokens, 'token')) : continuation.result ? outcome(continuation.result) : '\u00a0'}</span>
        {continuation && !running && text !== '' && (
          <>
            <IconButton icon={Copy} label="Copy the generated text" size="small" onClick={() => { copyText(text) }} />
            <Button size="small" variant="ghost" icon={CornerDownLeft} onClick={keepContinuation}>Use as prompt</Button>
          </>
        )}
      </div>
    </>
  )
}

/** `64 tokens · 83 tokens/s · reached its limit`. */
function outcome({ tokens, tokensPerSecond, ended }: Generation): string {
  const end = ended === 'end' ? 'the model ended the text' : ended === 'length' ? 'reached its limit' : 'stopped'
  return [formatQuantity(tokens, 'token'), ...(tokensPerSecond > 0 ? [`${tokensPerSecond < 10 ? tokensPerSecond.toFixed(1) : Math.round(tokensPerSecond)} tokens/s`] : []), end].join(' · ')
}
