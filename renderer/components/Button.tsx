import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, Ref } from 'react'
import { Kbd } from './Kbd'
import { Tooltip } from './Tooltip'
import './Button.css'

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** One primary button a view; the rest are secondary or ghost. */
  readonly variant?: 'primary' | 'secondary' | 'ghost' | 'danger'
  readonly size?: 'small' | 'medium' | 'large'
  readonly icon?: LucideIcon | undefined
  /** Shown inside the button, as in the command table: `Mod+Enter`. */
  readonly shortcut?: string | undefined
  readonly ref?: Ref<HTMLButtonElement>
}

/** A button with words on it. */
export function Button({ variant = 'secondary', size = 'medium', icon: Icon, shortcut, className = '', children, type = 'button', ...rest }: ButtonProps): React.JSX.Element {
  return (
    <button type={type} className={`Button Button-${variant} Button-${size} ${className}`} {...rest}>
      {Icon && <Icon size={size === 'large' ? 16 : 14} strokeWidth={1.75} aria-hidden />}
      <span className="Button-label">{children}</span>
      {shortcut && <Kbd keys={shortcut} />}
    </button>
  )
}

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children' | 'title'> {
  readonly icon: LucideIcon
  /** What it does: the accessible name and the tooltip. */
  readonly label: string
  readonly shortcut?: string | undefined
  /** For a toggle: whether it is on. */
  readonly pressed?: boolean | undefined
  readonly size?: 'small' | 'medium'
  readonly side?: 'top' | 'right' | 'bottom' | 'left'
  readonly ref?: Ref<HTMLButtonElement>
}

/** A button with only an icon; its label is its tooltip. */
export function IconButton({ icon: Icon, label, shortcut, pressed, size = 'medium', side = 'bottom', className = '', type = 'button', ...rest }: IconButtonProps): React.JSX.Element {
  return (
    <Tooltip content={label} shortcut={shortcut} side={side}>
      <button type={type} className={`IconButton IconButton-${size} ${className}`} aria-label={label} aria-pressed={pressed} {...rest}>
        <Icon size={size === 'small' ? 14 : 16} strokeWidth={1.75} aria-hidden />
      </button>
    </Tooltip>
  )
}
