import { create } from 'zustand'
import type { ErrorReport, Generation, NextTokens } from '../../preload/contract'
import { engine } from './engine-client'
import { reportOf } from './notices'
import { workbench } from './workbench'

/** How a prompt is continued; temperature, top-p and seed count when sampling. */
export interface Sampling {
  readonly greedy: boolean
  readonly maxTokens: number
  readonly temperature: number
  readonly topP: number
  readonly seed: number
}

/** A continuation on show; `result` is null while tokens still come. */
export interface Continuation {
  readonly prompt: string
  readonly text: string
  readonly tokens: number
  readonly result: Generation | null
  readonly error: ErrorReport | null
}

export interface PromptState {
  readonly open: boolean
  readonly text: string
  /** The prompt is a user's message in the model's chat template. */
  readonly chat: boolean
  readonly sampling: Sampling
  readonly continuation: Continuation | null
}

/** The prompt panel: what is typed stays when it is closed, whatever model is open. */
export const usePrompt = create<PromptState>()(() => ({
  open: false, text: 'The capital of France is', chat: false,
  sampling: { greedy: true, maxTokens: 64, temperature: 0.8, topP: 0.95, seed: 0 },
  continuation: null
}))

let generating: AbortController | null = null

/** Null when the prompt panel can be opened; else why not. */
export function promptPanelObstacle(): string | null {
  return workbench.get().model.kind === 'ready' ? null : 'Open a model first'
}

export function openPrompt(): void {
  usePrompt.setState({ open: true })
}

/** Closing also ends a continuation that is on; what came is kept. */
export function closePrompt(): void {
  stopGenerating()
  usePrompt.setState({ open: false })
}

export function setSampling(change: Partial<Sampling>): void {
  usePrompt.setState(({ sampling }) => ({ sampling: { ...sampling, ...change } }))
}

/** What comes after the prompt. @throws EngineError */
export async function askNext(modelId: string, text: string, chat: boolean): Promise<NextTokens> {
  return await engine.request('model.next', { modelId, text, chat })
}

/** Continues the prompt; tokens show as they come. */
export async function generate(): Promise<void> {
  const { model } = workbench.get()
  const { text: prompt, chat, sampling } = usePrompt.getState()
  if (model.kind !== 'ready' || prompt === '' || generating) return
  const controller = new AbortController()
  generating = controller
  const show = (change: Partial<Continuation>): void => {
    if (generating === controller) usePrompt.setState(({ continuation }) => ({ continuation: continuation && { ...continuation, ...change } }))
  }
  usePrompt.setState({ continuation: { prompt, text: '', tokens: 0, result: null, error: null } })
  // Tokens may come faster than frames: one drawing a frame shows all that came.
  let text = ''
  let tokens = 0
  let drawing = 0
  try {
    const result = await engine.request('model.generate', {
      modelId: model.value.modelId, prompt, chat, maxTokens: sampling.maxTokens,
      temperature: sampling.greedy ? 0 : sampling.temperature, topP: sampling.greedy ? 1 : sampling.topP, seed: sampling.seed
    }, {
      signal: controller.signal,
      onEvent: (event) => {
        text += event.text
        tokens++
        if (drawing === 0) drawing = requestAnimationFrame(() => { drawing = 0; show({ text, tokens }) })
      }
    })
    show({ text: result.text, tokens: result.tokens, result })
  } catch (error) {
    const report = reportOf(error)
    show(report.code === 'cancelled'
      ? { text, tokens, result: { text, tokens, tokensPerSecond: 0, ended: 'cancelled' } }
      : { text, tokens, error: report })
  } finally {
    cancelAnimationFrame(drawing)
    if (generating === controller) generating = null
  }
}

export function stopGenerating(): void {
  generating?.abort()
}

/** Takes the continuation into the prompt, to go on from there. */
export function keepContinuation(): void {
  const { continuation } = usePrompt.getState()
  if (continuation) usePrompt.setState({ text: continuation.prompt + continuation.text, continuation: null })
}

// What one model said says nothing of another.
let modelId: string | null = null
workbench.subscribe(() => {
  const { model } = workbench.get()
  const now = model.kind === 'ready' ? model.value.modelId : null
  if (now === modelId) return
  modelId = now
  stopGenerating()
  generating = null
  const template = model.kind === 'ready' && model.value.chatTemplate === true
  usePrompt.setState(({ chat }) => ({ continuation: null, chat: chat && template }))
})
