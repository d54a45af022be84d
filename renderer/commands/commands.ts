import { isCommandId, type CommandId } from '../../preload/commands'
import { chooseDataset, useDatasetDialog } from '../state/dataset'
import { useLayout } from '../state/layout'
import { chooseModel } from '../state/model'
import { openModels } from '../state/models'
import { chooseSession } from '../state/open'
import { openPrompt, promptPanelObstacle } from '../state/prompt'
import { cancelRun, runObstacle, startRun } from '../state/run'
import { exportSession, saveRecipe, saveSession, saveSessionAs } from '../state/session'
import { offeredMethods, openProbes } from '../state/probes'
import { openSites } from '../state/sites'
import { restartEngine, useStartup } from '../state/start'
import { useView } from '../state/view'
import { workbench } from '../state/workbench'
import { useOverlay } from './overlay'
import { viewCommands } from './view-commands'

export { isCommandId, type CommandId }

interface Command {
  readonly run: () => void
  /** Null when it can run; else why not, in a few words. Left out: it always can. */
  readonly obstacle?: () => string | null
}

const unless = (possible: boolean, reason: string): string | null => (possible ? null : reason)
const needsSession = (): string | null => unless(workbench.get().session !== null, 'Nothing is open yet')
const needsDataset = (): string | null => unless(workbench.get().dataset.kind === 'ready', 'Open a dataset first')
const needsRun = (): string | null => unless(workbench.get().run !== null, 'Run first')
const host = (command: CommandId): Command => ({ run: () => window.layerscope.runHostCommand(command) })

/** Moves the selected layer by `step` along the run on show. */
function moveLayer(step: number): void {
  const sites = workbench.get().run?.sites ?? []
  const { site, setSite } = useView.getState()
  const at = site === null ? -1 : sites.indexOf(site)
  const next = sites[Math.min(sites.length - 1, Math.max(0, at + step))]
  if (next !== undefined) setSite(next)
}

function setTheme(theme: 'system' | 'light' | 'dark'): void {
  window.layerscope.setTheme(theme)
  const { info } = useStartup.getState()
  if (info) useStartup.setState({ info: { ...info, theme } })
}

function selectAll(): void {
  const { dataset, run } = workbench.get()
  const rows = dataset.kind === 'ready' ? dataset.value.rows : run?.summary.rowCount ?? 0
  useView.getState().select(Int32Array.from({ length: rows }, (_, row) => row))
}

const toggle = (part: 'leftOpen' | 'rightOpen') => (): void => useLayout.setState({ [part]: !useLayout.getState()[part] })

/** What each command of the table does here, and when it can. */
const commands: Readonly<Record<CommandId, Command>> = {
  'window.new': host('window.new'),
  'model.open': { run: openModels },
  'model.openFolder': { run: () => void chooseModel('open-model-folder') },
  'dataset.open': { run: () => void chooseDataset() },
  'session.open': { run: () => void chooseSession() },
  'session.openZip': { run: () => void chooseSession('open-session-zip') },
  'session.save': { run: () => void saveSession(), obstacle: needsSession },
  'session.saveAs': { run: () => void saveSessionAs(), obstacle: needsSession },
  'session.export': { run: () => void exportSession(), obstacle: needsSession },
  'session.saveRecipe': {
    run: () => void saveRecipe(),
    obstacle: () => unless(workbench.get().model.kind === 'ready' && workbench.get().roles !== null, 'Open a model and a dataset first')
  },
  'session.reveal': {
    run: () => { const { session } = workbench.get(); if (session) window.layerscope.revealInFolder(session.path) },
    obstacle: () => unless(workbench.get().session?.temporary === false, 'Save the session first')
  },
  'window.close': host('window.close'),
  'edit.undo': { run: () => useView.getState().undo(), obstacle: () => unless(useView.getState().canUndo, 'Nothing to undo') },
  'edit.redo': { run: () => useView.getState().redo(), obstacle: () => unless(useView.getState().canRedo, 'Nothing to redo') },
  'selection.all': { run: selectAll, obstacle: needsDataset },
  'selection.none': { run: () => useView.getState().select([]), obstacle: () => unless(useView.getState().selection.length > 0, 'Nothing is selected') },
  'palette.open': { run: () => useOverlay.setState({ overlay: 'palette' }) },
  'panel.left': { run: toggle('leftOpen') },
  'panel.right': { run: toggle('rightOpen') },
  'panel.table': { run: () => { const { table, setTable } = useView.getState(); setTable({ open: !table.open }) }, obstacle: needsDataset },
  'theme.system': { run: () => setTheme('system') },
  'theme.light': { run: () => setTheme('light') },
  'theme.dark': { run: () => setTheme('dark') },
  'zoom.in': host('zoom.in'),
  'zoom.out': host('zoom.out'),
  'zoom.reset': host('zoom.reset'),
  'window.fullscreen': host('window.fullscreen'),
  'window.developer': host('window.developer'),
  'run.start': { run: () => void startRun(), obstacle: () => runObstacle(workbench.get()) },
  'run.cancel': { run: cancelRun, obstacle: () => unless(Boolean(workbench.get().run?.progress), 'No run is on') },
  'dataset.columns': { run: () => useDatasetDialog.setState({ open: true }), obstacle: needsDataset },
  'model.prompt': { run: openPrompt, obstacle: promptPanelObstacle },
  'run.probes': { run: openProbes, obstacle: () => unless(offeredMethods(workbench.get()).length > 0, 'Choose a label first') },
  'run.sites': { run: openSites, obstacle: () => unless(workbench.get().model.kind === 'ready', 'Open a model first') },
  'engine.restart': { run: restartEngine, obstacle: () => unless(workbench.get().engine === 'failed', 'The engine has not stopped') },
  'layer.next': { run: () => moveLayer(1), obstacle: needsRun },
  'layer.previous': { run: () => moveLayer(-1), obstacle: needsRun },
  'layer.chosen': {
    run: () => { const chosen = workbench.get().run?.sweep?.chosen; if (chosen) useView.getState().setCell(chosen.site, chosen.method) },
    obstacle: () => unless(Boolean(workbench.get().run?.sweep?.chosen), 'No layer has been chosen yet')
  },
  ...viewCommands,
  'help.tour': { run: () => useOverlay.setState({ overlay: 'tour' }) },
  'help.shortcuts': { run: () => useOverlay.setState({ overlay: 'shortcuts' }) },
  'help.about': { run: () => useOverlay.setState({ overlay: 'about' }) }
}

/** Null when the command can run now; else why not. */
export function commandObstacle(id: CommandId): string | null {
  return commands[id].obstacle?.() ?? null
}

/** Runs a command if it can run now. In a text field undo, redo and select all mean its text. */
export function runCommand(id: CommandId): void {
  const textCommand = id === 'edit.undo' ? 'undo' : id === 'edit.redo' ? 'redo' : id === 'selection.all' ? 'selectAll' : null
  if (textCommand && isTextField(document.activeElement)) document.execCommand(textCommand)
  else if (commandObstacle(id) === null) commands[id].run()
}

/** Where typed characters are text, not commands. */
export function isTextField(element: Element | null): boolean {
  if (element instanceof HTMLInputElement) return !['checkbox', 'radio', 'range', 'button'].includes(element.type)
  return element instanceof HTMLTextAreaElement || (element instanceof HTMLElement && element.isContentEditable)
}
