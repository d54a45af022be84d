import { app, BrowserWindow, Menu, MessageChannelMain, nativeTheme, shell, utilityProcess, type IpcMainInvokeEvent, type MessagePortMain } from 'electron'
import { mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { HostEvent, PathKind, Sample, StartupInfo } from '../preload/bridge'
import { commandTable, isCommandId, type CommandInfo } from '../preload/commands'
import { enginePortChannel } from '../preload/host-calls'
import { askAboutUnsaved, askForModelFolder, askForPath, fileName } from './dialogs'
import { writeFileAtomically } from './engine/atomic-file'
import { EngineHost } from './engine-host'
import { Grants } from './grants'
import { handle } from './ipc'
import { menuTemplate } from './menu'
import { pathKind } from './path-kind'
import { readRecipe } from './recipe-file'
import type { SettingsFile } from './settings'
import { WorkbenchWindow, type WindowStart } from './window'

export interface HostOptions {
  /** Folder of the built main process. */
  readonly mainFolder: string
  readonly settings: SettingsFile
  readonly samples: readonly Sample[]
}

/** The application: its windows, the engine they share, and what a page may ask of either. */
export class Host {
  private readonly windows = new Set<WorkbenchWindow>()
  private readonly grants = new Grants((path) => this.engine.grant(path))
  private readonly engine: EngineHost<MessagePortMain>
  /** Models that the engine found: each is granted when the person picks it. */
  private readonly offered = new Set<string>()

  constructor(private readonly options: HostOptions) {
    const temporaryRoot = join(app.getPath('userData'), 'unsaved')
    mkdirSync(temporaryRoot, { recursive: true })
    this.engine = new EngineHost<MessagePortMain>({
      temporaryRoot,
      fork: () => utilityProcess.fork(join(options.mainFolder, 'engine.js'), [], { serviceName: 'Layerscope engine', stdio: 'inherit' }),
      grants: () => this.grants.all(),
      onOffer: (paths) => { for (const path of paths) this.offered.add(resolve(path)) },
      onStopped: (reason) => this.broadcast({ kind: 'engine-stopped', reason }),
      onFailed: (reason) => this.broadcast({ kind: 'engine-failed', reason }),
      onReady: (generation) => {
        for (const window of this.windows) if (window.wantsEngine) this.connect(window)
        this.broadcast({ kind: 'engine-ready', generation })
      }
    })
    this.grants.add(temporaryRoot)
    for (const { modelPath, datasetPath, recipePath } of options.samples) {
      this.grants.add(dirname(recipePath))
      this.grants.add(modelPath)
      this.grants.add(datasetPath)
    }
    nativeTheme.themeSource = options.settings.get().theme
    this.answerPages()
    this.buildMenu()
    this.engine.start()
  }

  /** Opens a window; a session that is open already comes to the front instead. */
  open(start: WindowStart): void {
    if (start.open) this.grants.add(start.open.path)
    if (start.open?.kind === 'session' && this.focusSession(start.open.path, null)) return
    const window = new WorkbenchWindow(start, this.options.mainFolder, this.options.settings, this.windows.size)
    this.windows.add(window)
    window.browser.on('closed', () => {
      this.windows.delete(window)
      this.refreshMenu()
    })
    window.browser.on('focus', () => this.refreshMenu())
  }

  /** A path from a double click, the menu's recent sessions or a second start: into the window in front if it is empty, else a window of its own. */
  async openPath(path: string): Promise<void> {
    const open = await pathKind(path)
    const front = this.focused()
    if (!front?.empty) return this.open({ open, sample: null })
    this.grants.add(path)
    front.focus()
    front.send({ kind: 'open-path', path: open })
  }

  focusAny(): boolean {
    const [window] = this.windows
    window?.focus()
    return window !== undefined
  }

  async quit(): Promise<void> {
    await Promise.all([this.engine.stop(), this.options.settings.flush()])
  }

  private broadcast(event: HostEvent): void {
    for (const window of this.windows) window.send(event)
  }

  private connect(window: WorkbenchWindow): void {
    if (window.browser.isDestroyed()) return
    const { port1, port2 } = new MessageChannelMain()
    if (this.engine.connect(port1)) window.browser.webContents.postMessage(enginePortChannel, null, [port2])
  }

  /** The window other than `asking` that has the session open comes to the front; false when none has. */
  private focusSession(path: string, asking: WorkbenchWindow | null): boolean {
    const wanted = resolve(path)
    const other = [...this.windows].find((window) => window !== asking && window.session === wanted)
    other?.focus()
    return other !== undefined
  }

  private focused(): WorkbenchWindow | null {
    const browser = BrowserWindow.getFocusedWindow()
    return [...this.windows].find((window) => window.browser === browser) ?? (this.windows.size === 1 ? [...this.windows][0] ?? null : null)
  }

  private answerPages(): void {
    const { settings } = this.options
    const senders = {
      windowOf: (event: IpcMainInvokeEvent) => [...this.windows].find((window) => window.browser.webContents === event.sender) ?? null
    }

    handle(senders, 'startup', (window): StartupInfo => {
      const { recent, theme } = settings.get()
      for (const { path } of recent) this.grants.add(path)
      const sample = window.start.sample === '' ? this.options.samples[0]?.id ?? null : window.start.sample
      return { version: app.getVersion(), platform: process.platform, open: window.start.open, sample, samples: this.options.samples, recent, docsUrl: null, theme }
    })
    handle(senders, 'requestEnginePort', (window) => {
      window.wantsEngine = true
      const { failure } = this.engine
      if (failure === null) this.connect(window)
      else window.send({ kind: 'engine-failed', reason: failure })
    })
    handle(senders, 'restartEngine', () => this.engine.restart())

    handle(senders, 'dialog', async (window, kind, suggestedName) => {
      const path = await askForPath(window.browser, kind, suggestedName, app.getPath('documents'))
      if (path === null) return null
      this.grants.add(path)
      if (kind.startsWith('save') || kind.startsWith('export')) window.savePaths.add(resolve(path))
      return path
    })
    handle(senders, 'dropped', async (_window, path): Promise<PathKind> => {
      this.grants.add(path)
      return pathKind(path)
    })
    handle(senders, 'modelFolders', () => this.modelFolders())
    handle(senders, 'addModelFolder', async (window) => {
      const path = await askForModelFolder(window.browser)
      if (path !== null) settings.change({ modelFolders: [...new Set([...settings.get().modelFolders, resolve(path)])] })
      return this.modelFolders()
    })
    handle(senders, 'removeModelFolder', (_window, path) => {
      settings.change({ modelFolders: settings.get().modelFolders.filter((folder) => folder !== path) })
      return this.modelFolders()
    })
    handle(senders, 'pickModel', (_window, path) => {
      if (!this.offered.has(resolve(path))) return this.grants.has(path)
      this.grants.add(path)
      return true
    })
    handle(senders, 'readRecipe', async (_window, path) => {
      if (!this.grants.has(path)) return { ok: false, error: { code: 'path-refused', message: 'This file was not opened by you.', file: path, hint: 'Open it from a dialog or drop it on the window.' } }
      const file = await readRecipe(path)
      if (file.ok) {
        this.grants.add(file.recipe.model.path)
        this.grants.add(file.recipe.dataset.path)
      }
      return file
    })
    handle(senders, 'writeFile', async (window, path, data) => {
      if (!window.savePaths.has(resolve(path))) throw new Error('writeFile: refused, no save dialog returned this path')
      await writeFileAtomically(path, data)
    })

    handle(senders, 'setTitle', (window, name, edited, path) => window.setTitle(name, edited, path))
    handle(senders, 'setUnsaved', (window, unsaved) => { window.unsaved = unsaved })
    handle(senders, 'askAboutUnsaved', (window) => askAboutUnsaved(window.browser, window.name, 'opening another session'))
    handle(senders, 'closeWindow', (window) => window.closeNow())
    handle(senders, 'setCommands', (window, enabled) => {
      window.enabledCommands = new Set(enabled)
      this.refreshMenu()
    })
    handle(senders, 'runHostCommand', (window, command) => this.runHostCommand(window, command))
    handle(senders, 'claimSession', (window, path) => !this.focusSession(path, window))
    handle(senders, 'rememberSession', (_window, path, name) => {
      settings.remember(resolve(path), fileName(name), new Date().toISOString())
      this.recentChanged()
    })
    handle(senders, 'revealInFolder', (_window, path) => {
      if (this.grants.has(path)) shell.showItemInFolder(path)
    })
    handle(senders, 'setTheme', (_window, theme) => {
      nativeTheme.themeSource = theme
      settings.change({ theme })
    })
    handle(senders, 'loadLayout', () => settings.get().layout)
    handle(senders, 'saveLayout', (_window, layout) => settings.change({ layout }))
  }

  /** The folders are the person's own choice, now or at an earlier start. */
  private modelFolders(): readonly string[] {
    const { modelFolders } = this.options.settings.get()
    for (const folder of modelFolders) this.grants.add(folder)
    return modelFolders
  }

  private recentChanged(): void {
    const { recent } = this.options.settings.get()
    for (const { path } of recent) this.grants.add(path)
    this.buildMenu()
    this.broadcast({ kind: 'recent-changed', recent })
  }

  private buildMenu(): void {
    const { settings } = this.options
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(settings.get().recent, this.focused()?.enabledCommands ?? null, process.platform === 'darwin', {
      run: (command) => this.runCommand(command),
      openRecent: (path) => void this.openPath(path),
      clearRecent: () => {
        settings.change({ recent: [] })
        this.recentChanged()
      }
    })))
  }

  /** Enabled items follow the window in front. */
  private refreshMenu(): void {
    const menu = Menu.getApplicationMenu()
    const enabled = this.focused()?.enabledCommands
    for (const item of menu?.items.flatMap(({ submenu }) => submenu?.items ?? []) ?? []) {
      if (isCommandId(item.id)) item.enabled = hostCommands.has(item.id) || (enabled?.has(item.id) ?? false)
    }
  }

  private runCommand(command: CommandInfo): void {
    const window = this.focused()
    if (command.host) this.runHostCommand(window, command.id)
    else window?.send({ kind: 'command', command: command.id })
  }

  private runHostCommand(window: WorkbenchWindow | null, command: string): void {
    if (command === 'window.new') return this.open({ open: null, sample: null })
    if (!window) return
    const { browser } = window
    const { webContents } = browser
    if (command === 'window.close') browser.close()
    else if (command === 'window.fullscreen') browser.setFullScreen(!browser.isFullScreen())
    else if (command === 'window.developer') webContents.toggleDevTools()
    else if (command === 'zoom.in') webContents.setZoomLevel(Math.min(4, webContents.getZoomLevel() + 0.5))
    else if (command === 'zoom.out') webContents.setZoomLevel(Math.max(-3, webContents.getZoomLevel() - 0.5))
    else if (command === 'zoom.reset') webContents.setZoomLevel(0)
  }
}

const hostCommands: ReadonlySet<string> = new Set(commandTable.filter(({ host }) => host === true).map(({ id }) => id))
