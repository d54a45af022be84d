import { ChevronRight } from 'lucide-react'
import { Collapsible } from 'radix-ui'
import type { ReactNode } from 'react'
import './Disclosure.css'

export interface DisclosureProps {
  readonly label: ReactNode
  /** A quiet word at the right: what is chosen or found inside. */
  readonly detail?: ReactNode
  readonly defaultOpen?: boolean
  readonly children: ReactNode
}

/** Something that most people need not see, one click away. */
export function Disclosure({ label, detail, defaultOpen = false, children }: DisclosureProps): React.JSX.Element {
  return (
    <Collapsible.Root className="Disclosure" defaultOpen={defaultOpen}>
      <Collapsible.Trigger className="Disclosure-trigger">
        <ChevronRight size={14} strokeWidth={1.75} aria-hidden />
        <span>{label}</span>
        {detail && <span className="Disclosure-detail">{detail}</span>}
      </Collapsible.Trigger>
      <Collapsible.Content className="Disclosure-content">{children}</Collapsible.Content>
    </Collapsible.Root>
  )
}
