import { discoverModels } from '../../engine/models/index'
import { printable, table, type Terminal } from '../terminal'

/** What is found on this machine: the usual folders, and those given. */
export async function models(folders: readonly string[], terminal: Terminal): Promise<void> {
  const { models: found } = await discoverModels({ folders })
  terminal.result(found)
  if (found.length === 0) terminal.print('No models in the folders of Hugging Face, LM Studio and Ollama. --folder looks through another one.')
  else {
    terminal.print(table(['family', 'format', 'precision', 'MB', 'path'], found.map(({ family, format, precision, bytes, path, openable, reason }) =>
      [printable(family ?? '?'), format, precision ?? '', (bytes / 1e6).toFixed(1), `${printable(path)}${openable ? '' : `  (not openable: ${printable(reason ?? '')})`}`]), 'lllrl'))
  }
}
