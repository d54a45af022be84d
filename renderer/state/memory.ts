import { create } from 'zustand'
import type { EngineMemory } from '../../preload/contract'
import { engine } from './engine-client'
import { workbench } from './workbench'

/** How much memory the engine takes; null until it has said so. */
export const useMemory = create<{ readonly memory: EngineMemory | null }>()(() => ({ memory: null }))

const everyMs = 2_000

/** Asks again and again while the window is seen; returns how to stop. */
export function watchMemory(): () => void {
  let asking = false
  const ask = async (): Promise<void> => {
    if (asking || document.hidden || workbench.get().engine !== 'ready') return
    asking = true
    // An engine that stops on the way says so elsewhere.
    const memory = await engine.request('engine.memory', {}).catch(() => null)
    asking = false
    useMemory.setState({ memory })
  }
  const timer = setInterval(() => void ask(), everyMs)
  void ask()
  return () => clearInterval(timer)
}
