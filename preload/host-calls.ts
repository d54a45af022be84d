/**
 * What the page may ask of the main process: one table of calls, with the shape of their arguments.
 * Main parses every call with its schema and answers only frames of its own windows.
 */
import { z } from 'zod'

const path = z.string().min(1).max(32_768)
const name = z.string().max(1_000)

/** `open-model-folder` is apart because only a Mac's dialog picks files and folders alike. */
const dialogKindSchema = z.enum(['open-model', 'open-model-folder', 'open-dataset', 'open-session', 'open-session-zip', 'save-session', 'export-session', 'save-recipe', 'save-report', 'save-figure', 'save-table'])
export const themeSchema = z.enum(['system', 'light', 'dark'])

export const hostCallSchemas = {
  startup: z.tuple([]),
  dialog: z.tuple([dialogKindSchema, name.nullable()]),
  dropped: z.tuple([path]),
  modelFolders: z.tuple([]),
  addModelFolder: z.tuple([]),
  removeModelFolder: z.tuple([path]),
  pickModel: z.tuple([path]),
  readRecipe: z.tuple([path]),
  writeFile: z.tuple([path, z.instanceof(Uint8Array)]),
  setTitle: z.tuple([name, z.boolean(), path.nullable()]),
  setUnsaved: z.tuple([z.boolean()]),
  askAboutUnsaved: z.tuple([]),
  closeWindow: z.tuple([]),
  setCommands: z.tuple([z.array(z.string().max(100)).max(200)]),
  runHostCommand: z.tuple([z.string().max(100)]),
  claimSession: z.tuple([path]),
  rememberSession: z.tuple([path, name]),
  revealInFolder: z.tuple([path]),
  setTheme: z.tuple([themeSchema]),
  loadLayout: z.tuple([]),
  saveLayout: z.tuple([z.record(z.string(), z.unknown())]),
  requestEnginePort: z.tuple([]),
  restartEngine: z.tuple([])
} as const

export type HostCall = keyof typeof hostCallSchemas
export type HostArguments<C extends HostCall> = z.output<(typeof hostCallSchemas)[C]>
export type DialogKind = z.infer<typeof dialogKindSchema>
export type Theme = z.infer<typeof themeSchema>

/** The channel of a call; events of main to the page come on `hostEventChannel`, engine ports on `enginePortChannel`. */
export function hostChannel(call: HostCall): string {
  return `host:${call}`
}
export const hostEventChannel = 'host-event'
export const enginePortChannel = 'engine-port'
