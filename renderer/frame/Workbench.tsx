import { useEffect } from 'react'
import { Panel, usePanelRef } from 'react-resizable-panels'
import { Centre } from '../centre'
import { DatasetCard } from '../dataset'
import { Inspector } from '../inspector'
import { LayerStrip } from '../layers'
import { ModelCard } from '../model'
import { RunAction, RunCard } from '../run'
import { TableDrawer } from '../table'
import { useLayout } from '../state/layout'
import { useView } from '../state/view'
import { workbench } from '../state/workbench'
import { Divider, ResizableGroup } from './ResizableGroup'
import './Workbench.css'

/** The whole of a result is drawn: what screenshots and tests wait for. */
function markReady(): void {
  const { run } = workbench.get()
  if (run && run.progress === null && run.sweep) document.documentElement.dataset['ready'] = 'true'
}

/** Set-up at the left in the whole height; beside it the cloud over the layer strip, the inspector at the right, the table below these. */
export function Workbench(): React.JSX.Element {
  const leftOpen = useLayout(({ leftOpen }) => leftOpen)
  const rightOpen = useLayout(({ rightOpen }) => rightOpen)
  const tableOpen = useView(({ table }) => table.open)
  const left = usePanelFold(leftOpen, 280)
  const right = usePanelFold(rightOpen, 300)
  return (
    <main className="Workbench">
      <ResizableGroup id="window" orientation="horizontal">
        <Panel id="left" panelRef={left} defaultSize="20%" minSize={240} maxSize={420} collapsible collapsedSize={0}
          onResize={({ inPixels }) => { if (inPixels > 0 !== useLayout.getState().leftOpen) useLayout.setState({ leftOpen: inPixels > 0 }) }}>
          <div className="Workbench-setup" inert={!leftOpen}>
            <div className="Workbench-cards">
              <div data-tour="setup"><ModelCard /><DatasetCard /></div>
              <RunCard />
            </div>
            <RunAction />
          </div>
        </Panel>
        <Divider label="Width of the set-up" />
        <Panel id="results" minSize={640}>
          <ResizableGroup id="results" orientation="vertical">
            <Panel id="views" minSize={360}>
              <ResizableGroup id="views" orientation="horizontal">
                <Panel id="centre" minSize={400}>
                  <ResizableGroup id="centre" orientation="vertical">
                    <Panel id="projection" minSize={200}><div className="Workbench-view" data-tour="projection"><Centre onSettled={markReady} /></div></Panel>
                    <Divider label="Height of the layer strip" />
                    <Panel id="layers" defaultSize={264} minSize={180} maxSize="60%" groupResizeBehavior="preserve-pixel-size"><div className="Workbench-view" data-tour="layers"><LayerStrip /></div></Panel>
                  </ResizableGroup>
                </Panel>
                <Divider label="Width of the inspector" />
                <Panel id="right" panelRef={right} defaultSize="26%" minSize={240} maxSize={480} collapsible collapsedSize={0}
                  onResize={({ inPixels }) => { if (inPixels > 0 !== useLayout.getState().rightOpen) useLayout.setState({ rightOpen: inPixels > 0 }) }}>
                  <div className="Workbench-view" inert={!rightOpen}><Inspector /></div>
                </Panel>
              </ResizableGroup>
            </Panel>
            {tableOpen && <Divider label="Height of the table" />}
            {tableOpen && (
              <Panel id="table" defaultSize={240} minSize={120} maxSize="60%" collapsible collapsedSize={0} groupResizeBehavior="preserve-pixel-size"
                onResize={({ inPixels }, _id, before) => { if (before && before.inPixels > 0 && inPixels === 0) useView.getState().setTable({ open: false }) }}>
                <div className="Workbench-view"><TableDrawer /></div>
              </Panel>
            )}
          </ResizableGroup>
        </Panel>
      </ResizableGroup>
    </main>
  )
}

/** Folds and unfolds a panel as its state says, to `size` pixels where it was never open; dragging it shut changes the state in turn. */
function usePanelFold(open: boolean, size: number): ReturnType<typeof usePanelRef> {
  const panel = usePanelRef()
  useEffect(() => {
    const handle = panel.current
    if (!handle || handle.isCollapsed() === !open) return
    if (!open) return handle.collapse()
    handle.expand()
    // A panel that has never been open has no size to go back to.
    if (handle.isCollapsed()) handle.resize(size)
  }, [open, panel, size])
  return panel
}
