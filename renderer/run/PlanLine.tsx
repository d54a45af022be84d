import { ChevronRight } from 'lucide-react'
import { useId, type ReactNode } from 'react'
import './PlanLine.css'

export interface PlanLineProps {
  readonly label: string
  readonly value: string
  /** What a click on the line opens; null where there is nothing to choose yet. */
  readonly choose: { readonly label: string; readonly run: () => void } | null
}

/** A line of the plan: what is chosen, and the dialog that changes it. */
export function PlanLine({ label, value, choose }: PlanLineProps): React.JSX.Element {
  const id = useId()
  const content = <><span className="PlanLine-label">{label}</span><b id={id}>{value}</b></>
  if (!choose) return <div className="PlanLine">{content}</div>
  return (
    <button type="button" className="PlanLine" onClick={choose.run} aria-label={choose.label} aria-describedby={id}>
      {content}
      <ChevronRight size={14} strokeWidth={1.75} aria-hidden />
    </button>
  )
}

/** A line whose value is chosen in place. */
export function PlanField({ label, children }: { readonly label: string; readonly children: (id: string) => ReactNode }): React.JSX.Element {
  const id = useId()
  return <div className="PlanLine"><label className="PlanLine-label" htmlFor={id}>{label}</label>{children(id)}</div>
}
