import { Group, Separator, type GroupProps } from 'react-resizable-panels'
import type { ReactNode } from 'react'
import { rememberGroup, useLayout } from '../state/layout'
import './ResizableGroup.css'

export interface ResizableGroupProps {
  readonly id: string
  readonly orientation: NonNullable<GroupProps['orientation']>
  readonly children: ReactNode
}

/** Panels whose sizes the window remembers. Sizes that a collapsed panel gave to its neighbours are not. */
export function ResizableGroup({ id, orientation, children }: ResizableGroupProps): React.JSX.Element {
  // Read once: later changes come from this group itself.
  const remembered = useLayout.getState().groups[id]
  return (
    <Group id={id} orientation={orientation} className="ResizableGroup" {...(remembered ? { defaultLayout: { ...remembered } } : {})}
      onLayoutChanged={(layout, { isUserInteraction }) => { if (isUserInteraction && Object.values(layout).every((size) => size > 0)) rememberGroup(id, layout) }}>
      {children}
    </Group>
  )
}

/** The hairline between two panels; its grip is wider than it looks. */
export function Divider({ label }: { readonly label: string }): React.JSX.Element {
  return <Separator className="Divider" aria-label={label} />
}
