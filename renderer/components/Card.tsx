import type { LucideIcon } from 'lucide-react'
import { useId, type ReactNode } from 'react'
import './Card.css'

export interface CardProps {
  readonly title: string
  readonly icon?: LucideIcon
  /** Icon buttons at the right of the title. */
  readonly actions?: ReactNode
  readonly className?: string
  readonly children: ReactNode
}

/** A titled section of a panel, set off by a hairline. */
export function Card({ title, icon: Icon, actions, className = '', children }: CardProps): React.JSX.Element {
  const headingId = useId()
  return (
    <section className={`Card ${className}`} aria-labelledby={headingId}>
      <header className="Card-header">
        {Icon && <Icon size={14} strokeWidth={1.75} aria-hidden />}
        <h2 id={headingId}>{title}</h2>
        {actions && <div className="Card-actions">{actions}</div>}
      </header>
      <div className="Card-body">{children}</div>
    </section>
  )
}
