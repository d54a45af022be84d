import { create } from 'zustand'
import type { ColumnInfo, DatasetSummary } from '../../preload/contract'
import type { ColumnRoles, ReadOptions } from '../../preload/recipe'
import { engine, EngineError } from './engine-client'
import { dismissAbout, noticeError, reportOf } from './notices'
import { dropImpossibleMethods } from './probes'
import { ensureSession } from './session'
import { withoutOpening, withOpening, workbench } from './workbench'
import type { Opening } from './workbench-state'

/** Whether the dialog that chooses columns is open, and whether a check of them is under way. */
export const useDatasetDialog = create<{ readonly open: boolean; readonly checking: boolean }>()(() => ({ open: false, checking: false }))

let opening: AbortController | null = null

export interface OpenDatasetOptions {
  readonly read?: ReadOptions
  /** Roles that are known already, from a recipe or a session; else the engine's suggestion. */
  readonly roles?: ColumnRoles | null
}

/**
 * Opens a dataset in the place of the one that is open, which stays until the new one is read. Where no label is evident the column dialog comes up.
 * A failure shows on the card, or as a notice where another dataset stays open.
 */
export async function openDataset(path: string, { read = {}, roles = null }: OpenDatasetOptions = choicesOfMissing()): Promise<boolean> {
  opening?.abort()
  const controller = new AbortController()
  opening = controller
  dismissAbout('dataset')
  const { dataset: shown } = workbench.get()
  const next: Opening = { path, stage: 'Reading', loaded: null, checks: [] }
  workbench.set({ dataset: withOpening(shown, next) })
  try {
    await ensureSession()
    const dataset = await engine.request('dataset.open', { path, read }, { signal: controller.signal })
    if (opening !== controller) {
      await engine.request('dataset.close', { datasetId: dataset.datasetId }).catch(() => null)
      return false
    }
    const { dataset: before } = workbench.get()
    const names = new Set(dataset.columns.map(({ name }) => name))
    const fitting = roles !== null && rolesFit(roles, names) ? roles : null
    workbench.set({ dataset: { kind: 'ready', value: dataset, next: null }, rolesCheck: null })
    setRoles(fitting ?? suggestedRoles(dataset))
    if (fitting === null) suggestPlan(dataset)
    if (fitting === null && !dataset.suggested.label) useDatasetDialog.setState({ open: true })
    if (before.kind === 'ready') await engine.request('dataset.close', { datasetId: before.value.datasetId }).catch(() => null)
    return true
  } catch (error) {
    if (opening === controller) notOpened(path, { read, roles }, error)
    return false
  } finally {
    if (opening === controller) opening = null
  }
}

/** What a session or a recipe had chosen for a dataset that was not found: it holds for the file that is located in its place. */
function choicesOfMissing(): OpenDatasetOptions {
  const { dataset, roles, session } = workbench.get()
  return dataset.kind === 'failed' && roles !== null ? { roles, read: session?.recipe?.dataset.read ?? {} } : {}
}

/** Whether the rows are words with their place in a parse tree. */
export function holdsTrees(columns: readonly ColumnInfo[]): boolean {
  return ['sentence', 'id', 'head'].every((name) => columns.some((column) => column.name === name))
}

/** Words are read word by word; what was chosen for words and their trees before fits no other dataset. */
function suggestPlan({ suggestedPositions, columns }: DatasetSummary): void {
  const { extraction, probe } = workbench.get()
  if (probe.task === 'tree' && !holdsTrees(columns)) workbench.set({ probe: { ...probe, task: 'auto', methods: [] } })
  if (suggestedPositions !== null) workbench.set({ extraction: { ...extraction, positions: suggestedPositions } })
  else if (extraction.positions.kind === 'word') workbench.set({ extraction: { ...extraction, positions: { kind: 'last' } } })
}

/** Cancelled: all is as it was. Failed: what was open is as it was. */
function notOpened(path: string, options: OpenDatasetOptions, error: unknown): void {
  const { dataset } = workbench.get()
  const report = reportOf(error)
  const stays = dataset.kind === 'ready' || report.code === 'cancelled'
  // What was chosen for a dataset that could not be opened holds for the file that is opened in its place.
  workbench.set(stays ? { dataset: withoutOpening(dataset) } : { dataset: { kind: 'failed', path, error: report }, roles: options.roles ?? null, rolesCheck: null })
  if (dataset.kind === 'ready') {
    noticeError(new EngineError({ ...report, hint: [report.hint, `${dataset.value.name} stays open.`].filter(Boolean).join(' ') }), { about: 'dataset', actions: [{ label: 'Try again', run: () => void openDataset(path, options) }] })
  }
}

export function cancelDataset(): void {
  opening?.abort()
}

/** Reads the same file again another way, such as with another delimiter. */
export function rereadDataset(read: ReadOptions): void {
  const { dataset } = workbench.get()
  if (dataset.kind === 'ready') void openDataset(dataset.value.path, { read })
  else if (dataset.kind === 'failed') void openDataset(dataset.path, { ...choicesOfMissing(), ...(Object.keys(read).length > 0 ? { read } : {}) })
}

export async function chooseDataset(): Promise<void> {
  try {
    const path = await window.layerscope.dialog('open-dataset')
    if (path !== null) await openDataset(path)
  } catch (error) {
    noticeError(error)
  }
}

/** Columns named in a template such as `The city of {city}`. */
export function templateColumns(template: string): readonly string[] {
  return [...template.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1] ?? '')
}

function rolesFit(roles: ColumnRoles, names: ReadonlySet<string>): boolean {
  const texts = roles.text.kind === 'column' ? [roles.text.column] : templateColumns(roles.text.template)
  return [...texts, roles.label, ...roles.moreTargets, roles.group, roles.test, roles.pair, roles.polarity, roles.topic].every((name) => name === null || names.has(name))
}

/** The engine's suggestion, completed: the longest-looking text column where it had none. */
export function suggestedRoles({ columns, suggested }: DatasetSummary): ColumnRoles {
  const text = columns.find(({ type }) => type === 'text') ?? columns[0]
  return {
    text: suggested.text ?? { kind: 'column', column: text?.name ?? '' },
    label: suggested.label ?? null,
    moreTargets: suggested.moreTargets ?? [],
    group: suggested.group ?? null,
    test: suggested.test ?? null,
    pair: suggested.pair ?? null,
    polarity: suggested.polarity ?? null,
    topic: suggested.topic ?? null
  }
}

// ── What a choice of columns means ───────────────────────────────────────────────────────────────

const checkDelayMs = 180
let timer: ReturnType<typeof setTimeout> | null = null
let checking: AbortController | null = null

/** Takes the roles and asks the engine, a moment later, what they mean for a run. */
export function setRoles(roles: ColumnRoles): void {
  workbench.set({ roles })
  useDatasetDialog.setState({ checking: true })
  if (timer) clearTimeout(timer)
  timer = setTimeout(() => void checkRoles(), checkDelayMs)
}

/** Asks at once; used after the engine came back. */
export async function checkRoles(): Promise<void> {
  if (timer) clearTimeout(timer)
  timer = null
  checking?.abort()
  const controller = new AbortController()
  checking = controller
  const { dataset, roles, probe: { task } } = workbench.get()
  if (dataset.kind !== 'ready' || !roles) return useDatasetDialog.setState({ checking: false })
  try {
    const rolesCheck = await engine.request('dataset.check', { datasetId: dataset.value.datasetId, roles, task }, { signal: controller.signal })
    if (checking !== controller) return
    workbench.set({ rolesCheck })
    dropImpossibleMethods()
  } catch (error) {
    if (checking !== controller) return
    const { message } = reportOf(error)
    workbench.set({ rolesCheck: { task: 'none', usableRows: 0, classes: [], targets: [], groups: null, problems: [{ row: null, message }], examples: [] } })
  } finally {
    if (checking === controller) {
      checking = null
      useDatasetDialog.setState({ checking: false })
    }
  }
}
