import { Tooltip as Radix } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'
import { Kbd } from './Kbd'
import './Tooltip.css'

/** Wraps the page once: after the first tooltip the next ones come at once. */
export function TooltipProvider({ children }: { readonly children: ReactNode }): React.JSX.Element {
  return <Radix.Provider delayDuration={500} skipDelayDuration={300}>{children}</Radix.Provider>
}

export interface TooltipProps {
  readonly content: ReactNode
  readonly shortcut?: string | undefined
  readonly side?: 'top' | 'right' | 'bottom' | 'left'
  /** One element that takes a ref and pointer events. A disabled button takes none: wrap it in a span. */
  readonly children: ReactElement
}

/** A few words about what the pointer or focus is on. */
export function Tooltip({ content, shortcut, side = 'bottom', children }: TooltipProps): React.JSX.Element {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className="Tooltip" side={side} sideOffset={6} collisionPadding={8}>
          {content}
          {shortcut && <Kbd keys={shortcut} />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
