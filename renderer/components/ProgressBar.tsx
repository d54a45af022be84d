import './ProgressBar.css'

export interface ProgressBarProps {
  readonly label: string
  /** 0 … 1; null while the whole is not known. */
  readonly value: number | null
}

/** How far something has come. */
export function ProgressBar({ label, value }: ProgressBarProps): React.JSX.Element {
  const percent = value === null ? undefined : Math.round(Math.min(1, Math.max(0, value)) * 100)
  return (
    <div className="ProgressBar" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent} data-unknown={value === null || undefined}>
      <div className="ProgressBar-fill" style={value === null ? undefined : { transform: `scaleX(${Math.min(1, Math.max(0, value))})` }} />
    </div>
  )
}
