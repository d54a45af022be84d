import { Tabs } from 'radix-ui'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import type { CentreViewId } from '../state/workbench-state'
import { centreViews, type CentreViewProps } from './centre-views'
import './Centre.css'

/** What stands over the layer strip: the cloud, or another view that fits the run on show. With one to choose from there are no tabs. */
export function Centre({ onSettled }: CentreViewProps): React.JSX.Element {
  const run = useWorkbench((state) => state.run)
  const { centre, setCentre } = useView()
  const fitting = centreViews.filter(({ fits }) => fits(run))
  const { id, View } = fitting.find((view) => view.id === centre) ?? centreViews[0]
  if (fitting.length < 2) return <View onSettled={onSettled} />
  return (
    <Tabs.Root className="Centre" value={id} onValueChange={(value) => setCentre(value as CentreViewId)}>
      <Tabs.List className="Centre-tabs" aria-label="View">
        {fitting.map(({ id: own, label }) => <Tabs.Trigger key={own} className="Centre-tab" value={own}>{label}</Tabs.Trigger>)}
      </Tabs.List>
      <Tabs.Content className="Centre-view" value={id} tabIndex={-1}><View onSettled={onSettled} /></Tabs.Content>
    </Tabs.Root>
  )
}
