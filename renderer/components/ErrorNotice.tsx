import { CircleAlert, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ErrorReport } from '../../preload/contract'
import './ErrorNotice.css'

export interface ErrorNoticeProps {
  readonly error: ErrorReport
  /** A button that takes the next step. */
  readonly action?: ReactNode
}

/** Where an error happened, as a person says it: `cities.csv, row 12, column “label”`. */
export function errorPlace(error: ErrorReport): string | null {
  const place = [
    error.file?.split(/[\\/]/).at(-1),
    error.row === undefined ? undefined : `row ${error.row.toLocaleString('en-US')}`,
    error.field === undefined ? undefined : `“${error.field}”`
  ].filter((part) => part !== undefined)
  return place.length > 0 ? place.join(', ') : null
}

/** An error in its place: what happened, where, and the next step with its button. */
export function ErrorNotice({ error, action }: ErrorNoticeProps): React.JSX.Element {
  const place = errorPlace(error)
  return (
    <div className="Notice Notice-error" role="alert">
      <CircleAlert size={14} strokeWidth={2} aria-hidden />
      <div className="Notice-text selectable">
        <p>{error.message}</p>
        {place && !error.message.includes(place) && <p className="Notice-place">{place}</p>}
        {error.hint && <p className="Notice-hint">{error.hint}</p>}
        {action && <div className="Notice-action">{action}</div>}
      </div>
    </div>
  )
}

/** A sentence to know before trusting what is shown: a guard that fired, a fallback that was taken. */
export function WarningNotice({ children, action }: { readonly children: ReactNode; readonly action?: ReactNode }): React.JSX.Element {
  return (
    <div className="Notice Notice-warning">
      <TriangleAlert size={14} strokeWidth={2} aria-hidden />
      <div className="Notice-text selectable">
        {children}
        {action && <div className="Notice-action">{action}</div>}
      </div>
    </div>
  )
}
