import { BrowserWindow, nativeTheme, screen } from 'electron'
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { HostEvent, PathKind } from '../preload/bridge'
import { hostEventChannel } from '../preload/host-calls'
import { askAboutUnsaved } from './dialogs'
import { pageUrl } from './protocol'
import type { Settings, SettingsFile } from './settings'

/** What a new window shows first. */
export interface WindowStart {
  readonly open: PathKind | null
  readonly sample: string | null
}

/** Title of a window that shows the welcome view. */
const emptyName = 'Layerscope'

const defaultSize = { width: 1440, height: 900 }
const smallestSize = { width: 1024, height: 700 }

/** One window: its page, the session it holds, and what main must know to close it well. */
export class WorkbenchWindow {
  readonly browser: BrowserWindow
  /** Folder of the saved session on show; null for none or one that was never saved. */
  session: string | null = null
  name = 'Untitled'
  /** Closing now would lose results. */
  unsaved = false
  enabledCommands: ReadonlySet<string> = new Set()
  /** The page has asked for an engine port: it gets one from every engine that starts. */
  wantsEngine = false
  /** Paths that a save dialog of this window returned: the only ones the page may write. */
  readonly savePaths = new Set<string>()
  private closing = false

  constructor(readonly start: WindowStart, mainFolder: string, settings: SettingsFile, offset: number) {
    this.browser = new BrowserWindow({
      ...startBounds(settings.get().window, offset),
      minWidth: smallestSize.width,
      minHeight: smallestSize.height,
      show: false,
      title: 'Layerscope',
      // The page's own ground, so that nothing flashes before it is drawn.
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#101113' : '#f7f7f8',
      ...(process.platform === 'darwin' ? { titleBarStyle: 'hiddenInset' as const } : {}),
      ...windowIcon(mainFolder),
      webPreferences: {
        preload: join(mainFolder, '..', 'preload', 'index.cjs'),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
        // Projections go on optimising while another window is in front.
        backgroundThrottling: false
      }
    })
    if (settings.get().window?.maximized) this.browser.maximize()
    this.browser.once('ready-to-show', () => this.browser.show())
    this.browser.on('close', (event) => this.beforeClose(event))
    for (const change of ['resize', 'move', 'maximize', 'unmaximize'] as const) {
      this.browser.on(change as 'resize', () => settings.change({ window: { ...this.browser.getNormalBounds(), maximized: this.browser.isMaximized() } }))
    }
    void this.browser.loadURL(pageUrl)
  }

  send(event: HostEvent): void {
    if (!this.browser.isDestroyed()) this.browser.webContents.send(hostEventChannel, event)
  }

  focus(): void {
    if (this.browser.isMinimized()) this.browser.restore()
    this.browser.show()
    this.browser.focus()
  }

  setTitle(name: string, edited: boolean, path: string | null): void {
    this.name = name
    this.session = path === null ? null : resolve(path)
    const mac = process.platform === 'darwin'
    this.browser.setDocumentEdited(edited)
    if (mac) this.browser.setRepresentedFilename(path ?? '')
    this.browser.setTitle(name === emptyName ? name : `${edited && !mac ? '• ' : ''}${name} — Layerscope`)
  }

  /** Nothing was opened in it yet. A session may be called what the empty window is. */
  get empty(): boolean {
    return this.session === null && this.name === emptyName
  }

  /** Closes without asking. */
  closeNow(): void {
    this.closing = true
    this.browser.close()
  }

  private beforeClose(event: { preventDefault(): void }): void {
    if (this.closing || !this.unsaved) return
    event.preventDefault()
    void askAboutUnsaved(this.browser, this.name, 'closing').then((answer) => {
      if (answer === 'discard') {
        this.send({ kind: 'discard-and-close' })
        // A page that does not answer any more must not keep its window open.
        setTimeout(() => { if (!this.browser.isDestroyed()) this.closeNow() }, 3_000)
      } else if (answer === 'save') this.send({ kind: 'save-and-close' })
    })
  }
}

/** The remembered place if it is still on a screen; a further window stands a little lower and to the right. */
function startBounds(saved: Settings['window'], offset: number): { width: number; height: number; x?: number; y?: number } {
  const shift = offset * 24
  if (!saved) return defaultSize
  const width = Math.max(smallestSize.width, saved.width)
  const height = Math.max(smallestSize.height, saved.height)
  if (saved.x === undefined || saved.y === undefined) return { width, height }
  const bounds = { x: saved.x + shift, y: saved.y + shift, width, height }
  const area = screen.getDisplayMatching(bounds).workArea
  const visible = bounds.x < area.x + area.width - 80 && bounds.x + width > area.x + 80 && bounds.y >= area.y - 8 && bounds.y < area.y + area.height - 80
  return visible ? bounds : { width, height }
}

function windowIcon(mainFolder: string): { icon?: string } {
  const icon = join(mainFolder, '..', '..', 'resources', 'icons', 'icon.png')
  return process.platform === 'linux' && existsSync(icon) ? { icon } : {}
}

/** Name of a session folder as people know it. */
export function sessionName(path: string): string {
  return basename(path).replace(/\.layerscope$/i, '')
}
