import { Check, ChevronDown } from 'lucide-react'
import { Select as Radix } from 'radix-ui'
import { useId } from 'react'
import { styleNonce } from './nonce'
import './Select.css'

export interface SelectOption<V extends string> {
  readonly value: V
  readonly label: string
  /** A second, quiet line: why it is suggested, why it is not available. */
  readonly detail?: string | undefined
  readonly disabled?: boolean
  /** Options of the same group stand together under its name. */
  readonly group?: string | undefined
}

export interface SelectProps<V extends string> {
  /** What is chosen: the accessible name, and the visible one where `prefix` is set. */
  readonly label: string
  /** Shows the label inside the control: "Colour by  label". */
  readonly prefix?: boolean
  readonly value: V | null
  readonly onChange: (value: V) => void
  readonly options: readonly SelectOption<V>[]
  readonly placeholder?: string
  readonly size?: 'small' | 'medium'
  readonly disabled?: boolean
  readonly id?: string | undefined
}

function OptionItem<V extends string>({ option }: { readonly option: SelectOption<V> }): React.JSX.Element {
  return (
    <Radix.Item className="Select-item" value={`=${option.value}`} disabled={option.disabled ?? false} textValue={option.label}>
      <span className="Select-text">
        <Radix.ItemText>{option.label}</Radix.ItemText>
        {option.detail && <small>{option.detail}</small>}
      </span>
      <Radix.ItemIndicator className="Select-tick"><Check size={14} strokeWidth={2} aria-hidden /></Radix.ItemIndicator>
    </Radix.Item>
  )
}

/** One of several, from a list that opens. Values may be any text, the empty one included. */
export function Select<V extends string>({ label, prefix = false, value, onChange, options, placeholder = 'Choose…', size = 'medium', disabled = false, id }: SelectProps<V>): React.JSX.Element {
  const prefixId = useId()
  const groups = [...new Set(options.map((option) => option.group))]
  return (
    // Radix refuses the empty string as a value: every value carries a leading '='.
    <Radix.Root value={value === null ? '' : `=${value}`} onValueChange={(next) => onChange(next.slice(1) as V)} disabled={disabled}>
      <Radix.Trigger className={`Select Select-${size}`} aria-label={label} id={id}>
        {prefix && <span className="Select-prefix" id={prefixId}>{label}</span>}
        <span className="Select-value"><Radix.Value placeholder={placeholder} /></span>
        <Radix.Icon asChild><ChevronDown size={14} strokeWidth={1.75} className="Select-chevron" aria-hidden /></Radix.Icon>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className="Select-list" position="popper" sideOffset={4} collisionPadding={8}>
          <Radix.Viewport nonce={styleNonce}>
            {groups.map((group) => {
              const items = options.filter((option) => option.group === group).map((option) => <OptionItem key={option.value} option={option} />)
              if (group === undefined) return items
              return <Radix.Group key={group}><Radix.Label className="Select-label">{group}</Radix.Label>{items}</Radix.Group>
            })}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
