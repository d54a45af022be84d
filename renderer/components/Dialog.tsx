import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { useRef, type ReactNode } from 'react'
import { IconButton } from './Button'
import './Dialog.css'

export interface DialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  /** One sentence under the title; also what assistive technology reads. */
  readonly description?: ReactNode
  readonly width?: number
  /** Buttons, the primary one last. */
  readonly footer?: ReactNode
  readonly children: ReactNode
}

/** A notice that comes up beside the dialog is read and dismissed without leaving it: by itself, as a dismissed one is out of the page by now. */
function keepForNotices(event: { readonly target: EventTarget | null; preventDefault(): void }): void {
  if (event.target instanceof Element && event.target.closest('.NoticeView')) event.preventDefault()
}

/** A dialog over the page. Esc and a click outside close it; focus returns to where it was. */
export function Dialog({ open, onOpenChange, title, description, width = 480, footer, children }: DialogProps): React.JSX.Element {
  const content = useRef<HTMLDivElement>(null)
  // Not the close button, which comes first: its tooltip would cover what the dialog says. A field that asks for focus keeps it.
  const focusContent = (event: Event): void => {
    event.preventDefault()
    if (!content.current?.contains(document.activeElement)) content.current?.focus()
  }
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="Dialog-overlay" />
        <Radix.Content className="Dialog" ref={content} onOpenAutoFocus={focusContent} onInteractOutside={keepForNotices} style={{ width: `min(${width}px, calc(100vw - 48px))` }} {...(description ? {} : { 'aria-describedby': undefined })}>
          <header className="Dialog-header">
            <div>
              <Radix.Title className="Dialog-title">{title}</Radix.Title>
              {description && <Radix.Description className="Dialog-description">{description}</Radix.Description>}
            </div>
            <Radix.Close asChild><IconButton icon={X} label="Close" shortcut="Escape" size="small" /></Radix.Close>
          </header>
          <div className="Dialog-body">{children}</div>
          {footer && <footer className="Dialog-footer">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
