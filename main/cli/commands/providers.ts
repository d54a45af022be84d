import { listProviders } from '../../engine/models/index'
import { printable, table, type Terminal } from '../terminal'

/** What this machine can run models on, each tried. */
export async function providers(terminal: Terminal): Promise<void> {
  const found = await listProviders()
  terminal.result(found)
  terminal.print(table(['provider', 'works', ''], found.map(({ name, ok, reason }) => [name, ok ? 'yes' : 'no', printable(reason ?? '')]), 'lll'))
}
