import { create } from 'zustand'
import type { HostEvent, StartupInfo } from '../../preload/bridge'
import { engine } from './engine-client'
import { noticeError, noticeWarning } from './notices'
import { openPaths, openRecipe, reopenAll } from './open'
import { interruptRun } from './run'
import { discardSession, holdsUnsavedResults, saveSession, suggestedName, useRecent } from './session'
import { workbench } from './workbench'

/** What main told this page when it started; null for the first moment. */
export const useStartup = create<{ readonly info: StartupInfo | null }>()(() => ({ info: null }))

/** Connects the page to main and the engine and opens what the start asked for; a sample runs at once, but not before `drawing` is loaded. Called once. */
export async function start(runCommand: (command: string) => void, drawing: Promise<unknown>): Promise<void> {
  window.addEventListener('message', ({ source, data, ports }) => {
    const [port] = ports
    if (source !== window || data !== 'engine-port' || !port) return
    engine.connect(port)
    if (workbench.get().engine === 'starting') workbench.set({ engine: 'ready' })
  })
  window.layerscope.onEvent((event) => receive(event, runCommand))
  workbench.subscribe(tellMain)
  const info = await window.layerscope.startup()
  useRecent.setState({ recent: info.recent })
  useStartup.setState({ info })
  tellMain()
  window.layerscope.requestEnginePort()
  void listProviders()
  if (info.open) await openPaths([info.open])
  else if (info.sample !== null) {
    await drawing
    await openSample(info.sample)
  }
}

/** Opens a bundled sample and runs it. */
export async function openSample(id: string): Promise<void> {
  const sample = useStartup.getState().info?.samples.find((sample) => sample.id === id)
  if (sample) return openRecipe(sample.recipePath, { run: true })
  const known = useStartup.getState().info?.samples.map((sample) => sample.id).join(', ')
  noticeError(new Error(known ? `There is no sample “${id}”. There are: ${known}.` : 'The samples are not where they should be: install again.'))
}

async function listProviders(): Promise<void> {
  try {
    workbench.set({ providers: await engine.request('providers.list', {}) })
  } catch (error) {
    noticeError(error, { about: 'providers' })
  }
}

function receive(event: HostEvent, runCommand: (command: string) => void): void {
  switch (event.kind) {
    case 'command':
      return runCommand(event.command)
    case 'open-path':
      return void openPaths([event.path])
    case 'recent-changed':
      return useRecent.setState({ recent: event.recent })
    case 'save-and-close':
      return void saveSession().then((saved) => { if (saved) window.layerscope.closeWindow() })
    case 'discard-and-close':
      return void discardSession().finally(() => window.layerscope.closeWindow())
    case 'engine-stopped':
      workbench.set({ engine: 'restarting' })
      engine.disconnect(event.reason)
      return noticeWarning({ code: 'engine-stopped', message: `${event.reason} It is being started again; what was stored is kept.` }, { about: 'engine' })
    case 'engine-failed':
      workbench.set({ engine: 'failed' })
      engine.disconnect(event.reason)
      interruptRun()
      return noticeWarning({
        code: 'engine-failed', message: `${event.reason} It died several times in a row, so it is not started again by itself.`,
        hint: 'What was stored is kept. If a run stops it each time, choose fewer sites, rows or another provider before you continue; a machine short of memory stops it too.'
      }, { about: 'engine', actions: [{ label: 'Start the engine again', run: restartEngine }] })
    case 'engine-ready':
      if (workbench.get().engine === 'restarting') void reopenAll()
  }
}

/** After `engine-failed`: what was open opens again once the engine is there. */
export function restartEngine(): void {
  if (workbench.get().engine !== 'failed') return
  workbench.set({ engine: 'restarting' })
  window.layerscope.restartEngine()
}

let told = ''

/** Main shows the session's name and state in the title bar and asks before results are lost. */
function tellMain(): void {
  const { session, edited } = workbench.get()
  const name = session ? suggestedName(session) : 'Layerscope'
  const unsaved = holdsUnsavedResults(session)
  const path = session === null || session.temporary ? null : session.path
  const title = JSON.stringify([name, edited || unsaved, path, unsaved])
  if (title === told) return
  told = title
  window.layerscope.setTitle(name, (edited && path !== null) || unsaved, path)
  window.layerscope.setUnsaved(unsaved)
}
