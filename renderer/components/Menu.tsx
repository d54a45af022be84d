import { Check } from 'lucide-react'
import { ContextMenu as RadixContext, DropdownMenu as Radix } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'
import { Kbd } from './Kbd'
import './Menu.css'

export type MenuItem =
  | { readonly kind: 'separator' }
  | { readonly kind: 'label'; readonly label: string }
  | {
      readonly kind: 'action'
      readonly label: string
      readonly run: () => void
      readonly shortcut?: string | undefined
      readonly disabled?: boolean
      /** Why it is disabled, or a second line. */
      readonly detail?: string | undefined
      /** A tick; leave out where nothing is ticked. */
      readonly checked?: boolean
    }

type Parts = Pick<typeof Radix, 'Item' | 'CheckboxItem' | 'Separator' | 'Label'>

function MenuItems({ items, parts }: { readonly items: readonly MenuItem[]; readonly parts: Parts }): ReactNode {
  return items.map((item, index) => {
    if (item.kind === 'separator') return <parts.Separator key={index} className="Menu-separator" />
    if (item.kind === 'label') return <parts.Label key={index} className="Menu-label">{item.label}</parts.Label>
    const { label, detail, shortcut } = item
    const inside = (
      <>
        <span className="Menu-text">{label}{detail && <small>{detail}</small>}</span>
        {shortcut && <Kbd keys={shortcut} />}
      </>
    )
    if (item.checked === undefined) {
      return <parts.Item key={index} className="Menu-item" disabled={item.disabled ?? false} onSelect={item.run}>{inside}</parts.Item>
    }
    return (
      <parts.CheckboxItem key={index} className="Menu-item" checked={item.checked} disabled={item.disabled ?? false} onSelect={item.run}>
        <span className="Menu-tick">{item.checked && <Check size={14} strokeWidth={2} aria-hidden />}</span>
        {inside}
      </parts.CheckboxItem>
    )
  })
}

export interface MenuProps {
  /** One element that takes a ref: a Button or an IconButton. */
  readonly trigger: ReactElement
  readonly items: readonly MenuItem[]
  readonly align?: 'start' | 'center' | 'end'
}

/** A menu that opens from a button. */
export function Menu({ trigger, items, align = 'start' }: MenuProps): React.JSX.Element {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className="Menu" align={align} sideOffset={4} collisionPadding={8}><MenuItems items={items} parts={Radix} /></Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

export interface ContextMenuProps {
  /** One element that takes a ref: what is clicked with the right button. */
  readonly children: ReactElement
  readonly items: readonly MenuItem[]
}

/** A menu on right click (and on the menu key), such as copy and export on a chart. */
export function ContextMenu({ children, items }: ContextMenuProps): React.JSX.Element {
  return (
    <RadixContext.Root modal={false}>
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      <RadixContext.Portal>
        <RadixContext.Content className="Menu" collisionPadding={8}><MenuItems items={items} parts={RadixContext} /></RadixContext.Content>
      </RadixContext.Portal>
    </RadixContext.Root>
  )
}
