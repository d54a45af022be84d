import { Check } from 'lucide-react'
import { Checkbox as RadixCheckbox } from 'radix-ui'
import { useEffect, useId, useState, type InputHTMLAttributes, type ReactNode } from 'react'
import './Field.css'

export interface FieldProps {
  readonly label: string
  /** A quiet sentence under the control. */
  readonly hint?: ReactNode
  readonly error?: string | null
  /** Receives the id that ties the label to the control. */
  readonly children: (id: string) => ReactNode
}

/** A labelled control. */
export function Field({ label, hint, error, children }: FieldProps): React.JSX.Element {
  const id = useId()
  return (
    <div className="Field">
      <label className="Field-label" htmlFor={id}>{label}</label>
      {children(id)}
      {error ? <p className="Field-error" role="alert">{error}</p> : hint ? <p className="Field-hint">{hint}</p> : null}
    </div>
  )
}

/** A line of text. */
export function TextInput({ className = '', ...rest }: InputHTMLAttributes<HTMLInputElement>): React.JSX.Element {
  return <input type="text" spellCheck={false} autoComplete="off" className={`TextInput ${className}`} {...rest} />
}

export interface NumberInputProps {
  readonly id?: string
  readonly label?: string
  readonly value: number
  readonly min: number
  readonly max: number
  /** Values are multiples of it: 1 divided by a whole number. @default 1 */
  readonly step?: number
  readonly onChange: (value: number) => void
}

/** A number in a range: takes effect on Enter or when focus leaves, and only if it lies in the range. */
export function NumberInput({ id, label, value, min, max, step = 1, onChange }: NumberInputProps): React.JSX.Element {
  const [text, setText] = useState(String(value))
  useEffect(() => setText(String(value)), [value])
  const commit = (): void => {
    // Divided by a whole number: 0.05 × 19 would be 0.9500000000000001.
    const next = Math.round(Number(text) / step) / Math.round(1 / step)
    if (text.trim() === '' || !Number.isFinite(next)) return setText(String(value))
    const bounded = Math.min(max, Math.max(min, next))
    setText(String(bounded))
    if (bounded !== value) onChange(bounded)
  }
  return (
    <input id={id} aria-label={label} type="number" className="TextInput tabular" value={text} min={min} max={max} step={step}
      onChange={(event) => setText(event.target.value)} onBlur={commit} onKeyDown={(event) => { if (event.key === 'Enter') commit() }} />
  )
}

export interface CheckboxProps {
  readonly checked: boolean | 'indeterminate'
  readonly onChange: (checked: boolean) => void
  readonly disabled?: boolean
  readonly children: ReactNode
}

/** A choice with its words; the words are clickable too. */
export function Checkbox({ checked, onChange, disabled = false, children }: CheckboxProps): React.JSX.Element {
  const id = useId()
  return (
    <div className="Checkbox">
      <RadixCheckbox.Root id={id} className="Checkbox-box" checked={checked} disabled={disabled} onCheckedChange={(next) => onChange(next === true)}>
        <RadixCheckbox.Indicator className="Checkbox-tick">{checked === 'indeterminate' ? <span className="Checkbox-dash" /> : <Check size={12} strokeWidth={3} aria-hidden />}</RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <label htmlFor={id}>{children}</label>
    </div>
  )
}
