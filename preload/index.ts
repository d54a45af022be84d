import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { HostEvent, LayerscopeBridge, PathKind, RecipeFile, StartupInfo } from './bridge'
import type { HostCall } from './host-calls'

// The page's own globals; this file is checked without the DOM's.
declare const window: {
  readonly location: { readonly origin: string }
  postMessage(message: unknown, origin: string, transfer: unknown[]): void
}

// The two channel names of host-calls.ts: importing the module would put zod into the preload script.
const hostEventChannel = 'host-event'
const enginePortChannel = 'engine-port'

function call<R>(name: HostCall, ...args: readonly unknown[]): Promise<R> {
  return ipcRenderer.invoke(`host:${name}`, ...args) as Promise<R>
}

const bridge: LayerscopeBridge = {
  startup: () => call<StartupInfo>('startup'),
  dialog: (kind, suggestedName) => call<string | null>('dialog', kind, suggestedName ?? null),
  dropped: async (file) => {
    const path = webUtils.getPathForFile(file)
    return path === '' ? null : call<PathKind>('dropped', path)
  },
  modelFolders: () => call<readonly string[]>('modelFolders'),
  addModelFolder: () => call<readonly string[]>('addModelFolder'),
  removeModelFolder: (path) => call<readonly string[]>('removeModelFolder', path),
  pickModel: (path) => call<boolean>('pickModel', path),
  readRecipe: (path) => call<RecipeFile>('readRecipe', path),
  writeFile: (path, data) => call('writeFile', path, data),
  setTitle: (name, edited, path) => void call('setTitle', name, edited, path),
  setUnsaved: (unsaved) => void call('setUnsaved', unsaved),
  askAboutUnsaved: () => call<'save' | 'discard' | 'cancel'>('askAboutUnsaved'),
  closeWindow: () => void call('closeWindow'),
  setCommands: (enabled) => void call('setCommands', enabled),
  runHostCommand: (command) => void call('runHostCommand', command),
  claimSession: (path) => call<boolean>('claimSession', path),
  rememberSession: (path, name) => void call('rememberSession', path, name),
  revealInFolder: (path) => void call('revealInFolder', path),
  setTheme: (theme) => void call('setTheme', theme),
  loadLayout: () => call<Record<string, unknown>>('loadLayout'),
  saveLayout: (layout) => void call('saveLayout', layout),
  onEvent: (listener) => {
    const receive = (_: unknown, event: HostEvent): void => listener(event)
    ipcRenderer.on(hostEventChannel, receive)
    return () => ipcRenderer.off(hostEventChannel, receive)
  },
  requestEnginePort: () => void call('requestEnginePort'),
  restartEngine: () => void call('restartEngine')
}

contextBridge.exposeInMainWorld('layerscope', bridge)

// A port cannot cross the context bridge: it is handed on as a message that only this page receives.
ipcRenderer.on(enginePortChannel, (event) => window.postMessage('engine-port', window.location.origin, [...event.ports]))
