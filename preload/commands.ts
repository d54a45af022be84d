/**
 * The one table of commands. The application menu, the command palette, the list of shortcuts and the
 * key handler are all made from it; the page adds what each does and when it can (renderer/commands).
 */

export type MenuName = 'File' | 'Edit' | 'View' | 'Run' | 'Go' | 'Help'

export interface CommandInfo {
  readonly id: string
  /** As the menu says it; an ellipsis when it asks for more before it acts. */
  readonly title: string
  readonly menu: MenuName
  /** Items of one menu with the same group stand between the same separators. */
  readonly group: number
  /** `Mod` is Command on a Mac and Control elsewhere; keys as `KeyboardEvent.key`. */
  readonly shortcut?: string
  /** Main runs it; the page only asks for it. */
  readonly host?: true
  /** Other words people look for it by. */
  readonly keywords?: string
}

const table = [
  { id: 'window.new', title: 'New window', menu: 'File', group: 0, shortcut: 'Mod+N', host: true, keywords: 'session' },
  { id: 'model.open', title: 'Open model…', menu: 'File', group: 1, shortcut: 'Mod+O', keywords: 'onnx safetensors gguf file transformer hugging face ollama lm studio local list' },
  { id: 'model.openFolder', title: 'Open model folder…', menu: 'File', group: 1, keywords: 'onnx safetensors hugging face directory' },
  { id: 'dataset.open', title: 'Open dataset…', menu: 'File', group: 1, shortcut: 'Mod+Shift+O', keywords: 'csv tsv json parquet table data' },
  { id: 'session.open', title: 'Open session…', menu: 'File', group: 1, shortcut: 'Mod+Alt+O', keywords: 'layerscope reopen' },
  { id: 'session.openZip', title: 'Open exported zip…', menu: 'File', group: 1, keywords: 'session archive import unpack' },
  { id: 'session.save', title: 'Save', menu: 'File', group: 2, shortcut: 'Mod+S', keywords: 'session keep' },
  { id: 'session.saveAs', title: 'Save as…', menu: 'File', group: 2, shortcut: 'Mod+Shift+S', keywords: 'session copy' },
  { id: 'session.export', title: 'Export zip…', menu: 'File', group: 3, keywords: 'session archive share' },
  { id: 'session.saveRecipe', title: 'Save recipe…', menu: 'File', group: 3, keywords: 'json command line script reproduce' },
  { id: 'figure.cloudSvg', title: 'Export projection as SVG…', menu: 'File', group: 5, keywords: 'figure picture vector cloud' },
  { id: 'figure.cloudPng', title: 'Export projection as PNG…', menu: 'File', group: 5, keywords: 'figure picture image cloud' },
  { id: 'figure.layersSvg', title: 'Export layer strip as SVG…', menu: 'File', group: 5, keywords: 'figure picture vector accuracy' },
  { id: 'figure.layersPng', title: 'Export layer strip as PNG…', menu: 'File', group: 5, keywords: 'figure picture image accuracy' },
  { id: 'figure.layersCopy', title: 'Copy layer values', menu: 'Edit', group: 3, keywords: 'table clipboard tsv accuracy' },
  { id: 'report.export', title: 'Export report…', menu: 'File', group: 3, shortcut: 'Mod+Shift+E', keywords: 'methods card table figure parquet csv python reproduce paper' },
  { id: 'report.card', title: 'Export card…', menu: 'File', group: 3, keywords: 'markdown json figure calibration confusion' },
  { id: 'session.reveal', title: 'Show session in folder', menu: 'File', group: 3, keywords: 'finder explorer files' },
  { id: 'window.close', title: 'Close window', menu: 'File', group: 4, shortcut: 'Mod+W', host: true },

  { id: 'edit.undo', title: 'Undo', menu: 'Edit', group: 0, shortcut: 'Mod+Z', keywords: 'back selection view' },
  { id: 'edit.redo', title: 'Redo', menu: 'Edit', group: 0, shortcut: 'Mod+Shift+Z', keywords: 'forward selection view' },
  { id: 'selection.all', title: 'Select all rows', menu: 'Edit', group: 2, shortcut: 'Mod+A', keywords: 'points' },
  { id: 'selection.clear', title: 'Let go of selection, row or tool', menu: 'Edit', group: 2, shortcut: 'Escape', keywords: 'clear deselect unfocus give up back' },
  { id: 'selection.none', title: 'Select none', menu: 'Edit', group: 2, shortcut: 'Mod+Shift+A', keywords: 'clear deselect points' },

  { id: 'palette.open', title: 'Command palette…', menu: 'View', group: 0, shortcut: 'Mod+K', keywords: 'search' },
  { id: 'panel.left', title: 'Show or hide set-up', menu: 'View', group: 1, shortcut: 'Mod+B', keywords: 'panel left sidebar model dataset run' },
  { id: 'panel.right', title: 'Show or hide inspector', menu: 'View', group: 1, shortcut: 'Mod+Alt+B', keywords: 'panel right sidebar' },
  { id: 'panel.table', title: 'Show or hide table', menu: 'View', group: 1, shortcut: 'Mod+J', keywords: 'panel bottom drawer rows' },
  { id: 'projection.toggle', title: 'PCA or UMAP', menu: 'View', group: 5, shortcut: 'P', keywords: 'projection method' },
  { id: 'tool.pan', title: 'Pan and zoom', menu: 'View', group: 5, shortcut: 'V', keywords: 'tool hand' },
  { id: 'tool.lasso', title: 'Lasso', menu: 'View', group: 5, shortcut: 'L', keywords: 'tool select brush' },
  { id: 'tool.box', title: 'Box select', menu: 'View', group: 5, shortcut: 'B', keywords: 'tool rectangle brush' },
  { id: 'cloud.zoom', title: 'Zoom to selection', menu: 'View', group: 5, shortcut: 'F', keywords: 'focus cloud points' },
  { id: 'cloud.all', title: 'Show all points', menu: 'View', group: 5, shortcut: '0', keywords: 'reset view zoom cloud' },
  { id: 'color.label', title: 'Colour by label', menu: 'View', group: 6, shortcut: '1', keywords: 'paint class' },
  { id: 'color.prediction', title: 'Colour by prediction', menu: 'View', group: 6, shortcut: '2', keywords: 'paint' },
  { id: 'color.score', title: 'Colour by probe score', menu: 'View', group: 6, shortcut: '3', keywords: 'paint probability' },
  { id: 'color.correct', title: 'Colour by correctness', menu: 'View', group: 6, shortcut: '4', keywords: 'paint errors wrong' },
  { id: 'metric.toggle', title: 'Next measure', menu: 'View', group: 6, shortcut: 'M', keywords: 'accuracy auroc metric layer strip' },
  { id: 'method.next', title: 'Next method', menu: 'View', group: 6, shortcut: 'N', keywords: 'probe logistic mass mean compare' },
  { id: 'card.open', title: 'Card of this layer', menu: 'View', group: 6, shortcut: 'Shift+C', keywords: 'confusion calibration compare intervals folds reliability cell' },
  { id: 'theme.system', title: 'Theme: follow the system', menu: 'View', group: 2, keywords: 'appearance colour automatic' },
  { id: 'theme.light', title: 'Theme: light', menu: 'View', group: 2, keywords: 'appearance colour bright' },
  { id: 'theme.dark', title: 'Theme: dark', menu: 'View', group: 2, keywords: 'appearance colour night' },
  { id: 'zoom.in', title: 'Zoom in', menu: 'View', group: 3, shortcut: 'Mod+=', host: true, keywords: 'larger text' },
  { id: 'zoom.out', title: 'Zoom out', menu: 'View', group: 3, shortcut: 'Mod+-', host: true, keywords: 'smaller text' },
  { id: 'zoom.reset', title: 'Actual size', menu: 'View', group: 3, shortcut: 'Mod+0', host: true, keywords: 'zoom 100 %' },
  { id: 'window.fullscreen', title: 'Full screen', menu: 'View', group: 3, shortcut: 'F11', host: true },
  { id: 'window.developer', title: 'Developer tools', menu: 'View', group: 4, shortcut: 'Mod+Alt+I', host: true, keywords: 'inspect console' },

  { id: 'run.start', title: 'Run', menu: 'Run', group: 0, shortcut: 'Mod+Enter', keywords: 'start extract probe sweep continue' },
  { id: 'run.cancel', title: 'Cancel run', menu: 'Run', group: 0, shortcut: 'Mod+.', keywords: 'stop abort' },
  { id: 'dataset.columns', title: 'Choose columns…', menu: 'Run', group: 1, shortcut: 'Mod+Shift+C', keywords: 'dataset text template label group roles preview' },
  { id: 'model.prompt', title: 'Try a prompt…', menu: 'Run', group: 1, shortcut: 'Mod+P', keywords: 'next token generate continue text probability tokens chat' },
  { id: 'run.probes', title: 'Choose probes…', menu: 'Run', group: 1, keywords: 'methods logistic mass mean ccs ttpd mlp linear discriminant' },
  { id: 'run.sites', title: 'Choose sites…', menu: 'Run', group: 1, shortcut: 'Mod+Shift+L', keywords: 'layers residual attention mlp tree browser places' },
  { id: 'engine.restart', title: 'Start the engine again', menu: 'Run', group: 2, keywords: 'restart crash stopped recover' },

  { id: 'layer.next', title: 'Next layer', menu: 'Go', group: 0, shortcut: ']', keywords: 'deeper site' },
  { id: 'layer.previous', title: 'Previous layer', menu: 'Go', group: 0, shortcut: '[', keywords: 'shallower site' },
  { id: 'layer.first', title: 'First layer', menu: 'Go', group: 0, keywords: 'embedding home' },
  { id: 'layer.last', title: 'Last layer', menu: 'Go', group: 0, keywords: 'final end' },
  { id: 'layer.chosen', title: 'Layer that validation chose', menu: 'Go', group: 0, shortcut: 'C', keywords: 'best site method' },

  { id: 'help.tour', title: 'Take the tour', menu: 'Help', group: 0, keywords: 'guide introduction learn' },
  { id: 'help.shortcuts', title: 'Keyboard shortcuts', menu: 'Help', group: 0, shortcut: '?', keywords: 'keys help' },
  { id: 'help.about', title: 'About Layerscope', menu: 'Help', group: 1, keywords: 'version licences' }
] as const satisfies readonly CommandInfo[]

export type CommandId = (typeof table)[number]['id']

/** Every command, in menu order. */
export const commandTable: readonly (CommandInfo & { readonly id: CommandId })[] = table

export function isCommandId(text: string): text is CommandId {
  return commandTable.some(({ id }) => id === text)
}
