import { useEffect, useState } from 'react'
import type { ErrorReport, ModelSummary, NextTokens } from '../../preload/contract'
import { Checkbox, Dialog, EmptyState, ErrorNotice } from '../components'
import { reportOf } from '../state/notices'
import { askNext, closePrompt, generate, usePrompt } from '../state/prompt'
import { useWorkbench } from '../state/workbench'
import { ContinuationView } from './ContinuationView'
import { NextTokenList } from './NextTokenList'
import { TokenChips } from './TokenChips'
import './PromptDialog.css'

/** Typing pauses this long before the model is asked. */
const pauseMs = 140

/** Tries a prompt on the open model: its tokens, what the model expects next, and how it goes on. */
export function PromptDialog(): React.JSX.Element | null {
  const open = usePrompt(({ open }) => open)
  const model = useWorkbench(({ model }) => (model.kind === 'ready' ? model.value : null))
  if (model === null) return null
  return (
    <Dialog open={open} onOpenChange={(next) => { if (!next) closePrompt() }} title="Try a prompt" width={920} description={model.name}>
      <Prompt model={model} />
    </Dialog>
  )
}

function Prompt({ model }: { readonly model: ModelSummary }): React.JSX.Element {
  const { text, chat } = usePrompt()
  const { next, stale, error } = useNext(model.modelId, text, chat)
  const obstacle = model.promptObstacle ?? null
  return (
    <div className="Prompt" onKeyDown={(event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || obstacle !== null) return
      event.preventDefault()
      void generate()
    }}>
      <div className="Prompt-columns">
        <div className="Prompt-input">
          <label className="Field-label" htmlFor="prompt-text">{chat ? 'Message' : 'Prompt'}</label>
          <textarea id="prompt-text" className="TextInput Prompt-text" spellCheck={false} autoFocus maxLength={100_000} value={text} placeholder="Type what the model should read"
            onChange={(event) => usePrompt.setState({ text: event.target.value })} />
          {model.chatTemplate === true && <Checkbox checked={chat} onChange={(next) => usePrompt.setState({ chat: next })}>As a message in the model’s chat template</Checkbox>}
          <TokenChips tokens={next?.tokens ?? null} />
          {error && <ErrorNotice error={error} />}
        </div>
        <section className="Prompt-next" aria-labelledby="prompt-next">
          <h3 className="Field-label" id="prompt-next">Next token</h3>
          {obstacle !== null
            ? <EmptyState title="No next token" body={obstacle} />
            : next && next.top.length === 0
              ? <EmptyState title="Type a prompt" body="What the model expects after it appears here." />
              : !error && <NextTokenList next={next} stale={stale} onChoose={chat ? null : (added) => usePrompt.setState({ text: text + added })} />}
        </section>
      </div>
      {obstacle === null && <ContinuationView />}
    </div>
  )
}

interface NextAnswer { readonly next: NextTokens | null; readonly stale: boolean; readonly error: ErrorReport | null }

/** What the model says of the prompt; the last answer stays on show until the next one is there. */
function useNext(modelId: string, text: string, chat: boolean): NextAnswer {
  const engineState = useWorkbench(({ engine }) => engine)
  const asked = JSON.stringify([modelId, chat, text])
  const [answer, setAnswer] = useState<{ readonly asked: string; readonly next: NextTokens | null; readonly error: ErrorReport | null }>({ asked: '', next: null, error: null })
  useEffect(() => {
    if (engineState !== 'ready') return
    let current = true
    const timer = setTimeout(() => {
      askNext(modelId, text, chat).then(
        (next) => { if (current) setAnswer({ asked, next, error: null }) },
        (error: unknown) => { if (current) setAnswer({ asked, next: null, error: reportOf(error) }) })
    }, pauseMs)
    return () => {
      current = false
      clearTimeout(timer)
    }
    // `asked` stands for model, text and template.
  }, [asked, engineState])
  return { next: answer.next, stale: answer.asked !== asked, error: answer.error }
}
