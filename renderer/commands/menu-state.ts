import { commandTable } from '../../preload/commands'
import { useView } from '../state/view'
import { workbench } from '../state/workbench'
import { commandObstacle } from './commands'

/** Keeps main's menu items enabled as the commands are; tells only of changes, once a frame at most. */
export function followCommands(): void {
  let told = ''
  let asked = false
  const tell = (): void => {
    asked = false
    const enabled = commandTable.flatMap(({ id, ...command }) => (!('host' in command) && commandObstacle(id) === null ? [id] : []))
    const key = enabled.join()
    if (key === told) return
    told = key
    window.layerscope.setCommands(enabled)
  }
  const ask = (): void => {
    if (asked) return
    asked = true
    setTimeout(tell, 50)
  }
  workbench.subscribe(ask)
  useView.subscribe(ask)
  tell()
}
