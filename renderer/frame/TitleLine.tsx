import { PanelBottom, PanelLeft, PanelRight, Search } from 'lucide-react'
import { IconButton, Kbd } from '../components'
import { runCommand } from '../commands'
import { useLayout } from '../state/layout'
import { suggestedName } from '../state/session'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { LayersMark } from '../welcome'
import './TitleLine.css'

/** Session and its state at the left, the palette in the middle, panels at the right. */
export function TitleLine({ workbenchOpen }: { readonly workbenchOpen: boolean }): React.JSX.Element {
  const session = useWorkbench(({ session }) => session)
  const edited = useWorkbench(({ edited }) => edited)
  // The suggested name of an unsaved session follows what is open.
  useWorkbench(({ model }) => model)
  useWorkbench(({ dataset }) => dataset)
  const { leftOpen, rightOpen } = useLayout()
  const tableOpen = useView(({ table }) => table.open)
  const state = session === null ? null : session.temporary ? 'not saved' : edited ? 'edited' : 'saved'
  return (
    <header className="TitleLine">
      <div className="TitleLine-name">
        <LayersMark size={18} />
        <h1>{session && workbenchOpen ? suggestedName(session) : 'Layerscope'}</h1>
        {state && workbenchOpen && <span aria-live="polite">{state}</span>}
      </div>
      <button type="button" className="TitleLine-search" onClick={() => runCommand('palette.open')} data-tour="palette">
        <Search size={14} strokeWidth={1.75} aria-hidden />
        <span>Search commands</span>
        <Kbd keys="Mod+K" />
      </button>
      <div className="TitleLine-panels">
        {workbenchOpen && (
          <>
            <IconButton icon={PanelLeft} label="Set-up" shortcut="Mod+B" pressed={leftOpen} size="small" onClick={() => runCommand('panel.left')} />
            <IconButton icon={PanelBottom} label="Table" shortcut="Mod+J" pressed={tableOpen} size="small" onClick={() => runCommand('panel.table')} />
            <IconButton icon={PanelRight} label="Inspector" shortcut="Mod+Alt+B" pressed={rightOpen} size="small" onClick={() => runCommand('panel.right')} />
          </>
        )}
      </div>
    </header>
  )
}
