import { useEffect } from 'react'
import { CellCardDialog } from './card'
import { AboutDialog, listenToKeys, Palette, ShortcutsDialog, useOverlay } from './commands'
import { TooltipProvider } from './components'
import { ColumnsDialog } from './dataset'
import { DropTarget, Notices, StatusBar, TitleLine, Workbench } from './frame'
import { OpenModelDialog } from './model'
import { PromptDialog } from './prompt'
import { ProbesDialog, SitesDialog } from './run'
import { useWorkbench } from './state/workbench'
import { Tour } from './tour'
import { Welcome } from './welcome'
import './app.css'

/** The whole window: welcome until something is open, then the workbench. */
export function App(): React.JSX.Element {
  const empty = useWorkbench(({ model, dataset, run, session }) => model.kind === 'empty' && dataset.kind === 'empty' && run === null && (session === null || session.temporary))
  const touring = useOverlay(({ overlay }) => overlay === 'tour')
  useEffect(listenToKeys, [])
  return (
    <TooltipProvider>
      <div className="App">
        <TitleLine workbenchOpen={!empty || touring} />
        {empty && !touring ? <Welcome /> : <Workbench />}
        <StatusBar />
      </div>
      <ColumnsDialog />
      <OpenModelDialog />
      <PromptDialog />
      <SitesDialog />
      <ProbesDialog />
      <CellCardDialog />
      <Palette />
      <ShortcutsDialog />
      <AboutDialog />
      <Notices />
      <Tour />
      <DropTarget />
    </TooltipProvider>
  )
}
