/**
 * What the page finds at `window.layerscope`: the few things only the main process can do.
 * Every path the page holds came through here, from a dialog, a drop or the recent list;
 * the engine refuses paths that did not.
 */
import type { ErrorReport } from './contract'
import type { DialogKind, Theme } from './host-calls'
import type { Recipe } from './recipe'

export interface RecentSession { readonly path: string; readonly name: string; readonly openedAt: string }

export interface Sample {
  readonly id: string
  readonly title: string
  readonly description: string
  /** What the sample lets one see, in one line. */
  readonly question: string
  readonly modelPath: string
  readonly datasetPath: string
  /** Recipe file that runs the sample. */
  readonly recipePath: string
}

/** What a dropped or opened path looks like, judged by name and first bytes. */
export interface PathKind { readonly path: string; readonly kind: 'model' | 'dataset' | 'session' | 'recipe' | 'unknown'; readonly reason?: string }

export interface StartupInfo {
  readonly version: string
  readonly platform: string
  /** Opened by double click or the command line; null shows the welcome screen. */
  readonly open: PathKind | null
  /** Id of the sample to run at once; null otherwise. */
  readonly sample: string | null
  readonly samples: readonly Sample[]
  readonly recent: readonly RecentSession[]
  readonly docsUrl: string | null
  readonly theme: Theme
}

/** A recipe file, its paths made absolute and granted to the engine; or why it cannot be used. */
export type RecipeFile =
  | { readonly ok: true; readonly recipe: Recipe }
  | { readonly ok: false; readonly error: ErrorReport }

/** A menu item or shortcut was used; the page's command table runs the command of this id. */
export type HostEvent =
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'open-path'; readonly path: PathKind }
  | { readonly kind: 'engine-stopped'; readonly reason: string }
  /** It died so often that it is not started again until `restartEngine` asks for it. */
  | { readonly kind: 'engine-failed'; readonly reason: string }
  /** A fresh engine answers on the new port; handles of the old one are gone. */
  | { readonly kind: 'engine-ready'; readonly generation: number }
  | { readonly kind: 'recent-changed'; readonly recent: readonly RecentSession[] }
  /** The person chose to save before closing: save, then call `closeWindow`. */
  | { readonly kind: 'save-and-close' }
  /** The person chose not to save: have the unsaved session deleted, then call `closeWindow`. */
  | { readonly kind: 'discard-and-close' }

export interface LayerscopeBridge {
  startup(): Promise<StartupInfo>
  /** Null when the person cancelled. `suggestedName` serves the save dialogs. */
  dialog(kind: DialogKind, suggestedName?: string): Promise<string | null>
  /** Real path of a dropped `File`, granted to the engine; null for a file without one. */
  dropped(file: File): Promise<PathKind | null>
  /** Folders that the person added to look for models in; granted to the engine. */
  modelFolders(): Promise<readonly string[]>
  /** Asks for a folder and adds it; the folders as they are then. */
  addModelFolder(): Promise<readonly string[]>
  removeModelFolder(path: string): Promise<readonly string[]>
  /** Grants the engine a model that it listed, because the person picked it; false for any other path. */
  pickModel(path: string): Promise<boolean>
  readRecipe(path: string): Promise<RecipeFile>
  /** Writes an exported figure or table to a path that `dialog` returned. */
  writeFile(path: string, data: Uint8Array): Promise<void>
  setTitle(name: string, edited: boolean, path: string | null): void
  /** Whether closing now would lose results that were never saved: main asks before it closes. */
  setUnsaved(unsaved: boolean): void
  /** Asks what to do with results that were never saved before another session takes their place. */
  askAboutUnsaved(): Promise<'save' | 'discard' | 'cancel'>
  /** Closes this window without asking again. */
  closeWindow(): void
  /** Enabled state of the menu items by command id. */
  setCommands(enabled: readonly string[]): void
  /** Runs a command that is main's own (a new window, zoom). */
  runHostCommand(command: string): void
  /** False when another window has this session open: that window has come to the front. */
  claimSession(path: string): Promise<boolean>
  rememberSession(path: string, name: string): void
  revealInFolder(path: string): void
  setTheme(theme: Theme): void
  /** Layout the window remembers across sessions (panel sizes). */
  loadLayout(): Promise<Record<string, unknown>>
  saveLayout(layout: Record<string, unknown>): void
  onEvent(listener: (event: HostEvent) => void): () => void
  /** Asks main for a port to the engine; it arrives as a `message` event on the window with data 'engine-port'. */
  requestEnginePort(): void
  /** Starts the engine again after `engine-failed`. */
  restartEngine(): void
}

declare global {
  interface Window { readonly layerscope: LayerscopeBridge }
}
