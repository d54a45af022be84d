import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import './EmptyState.css'

export interface EmptyStateProps {
  readonly icon?: LucideIcon
  /** What will appear here. */
  readonly title: string
  /** How to make it appear. */
  readonly body?: ReactNode
  /** A button that does it. */
  readonly action?: ReactNode
}

/** What an empty view says: what will appear here and how to make it appear. */
export function EmptyState({ icon: Icon, title, body, action }: EmptyStateProps): React.JSX.Element {
  return (
    <div className="EmptyState">
      {Icon && <Icon size={20} strokeWidth={1.5} aria-hidden />}
      <p className="EmptyState-title">{title}</p>
      {body && <p className="EmptyState-body">{body}</p>}
      {action}
    </div>
  )
}
