import { ToggleGroup } from 'radix-ui'
import type { LucideIcon } from 'lucide-react'
import { Tooltip } from './Tooltip'
import './SegmentedControl.css'

export interface Segment<V extends string> {
  readonly value: V
  readonly label: string
  /** With an icon the label becomes the tooltip. */
  readonly icon?: LucideIcon
  readonly shortcut?: string
  readonly disabled?: boolean
}

export interface SegmentedControlProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly onChange: (value: V) => void
  readonly options: readonly Segment<V>[]
  readonly size?: 'small' | 'medium'
  /** Takes the whole width, segments equal. */
  readonly fill?: boolean
}

/** One of two to five, all in sight. Arrow keys move between them. */
export function SegmentedControl<V extends string>({ label, value, onChange, options, size = 'medium', fill = false }: SegmentedControlProps<V>): React.JSX.Element {
  return (
    <ToggleGroup.Root type="single" className={`Segmented Segmented-${size}`} data-fill={fill || undefined} aria-label={label} value={value}
      onValueChange={(next) => { if (next) onChange(next as V) }}>
      {options.map(({ value: own, label: text, icon: Icon, shortcut, disabled }) => {
        const item = (
          <ToggleGroup.Item key={own} value={own} className="Segmented-item" disabled={disabled ?? false} {...(Icon ? { 'aria-label': text } : {})}>
            {Icon ? <Icon size={14} strokeWidth={1.75} aria-hidden /> : text}
          </ToggleGroup.Item>
        )
        return Icon ? <Tooltip key={own} content={text} shortcut={shortcut}>{item}</Tooltip> : item
      })}
    </ToggleGroup.Root>
  )
}
