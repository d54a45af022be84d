import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Button } from '../components'
import { closeOverlay, useOverlay } from '../commands'
import { useLayout } from '../state/layout'
import { stepPlace, tourSteps, type Box, type Place } from './steps'
import './Tour.css'

/** Five steps that point at the real controls. Esc leaves at any time; arrow keys go back and forth. */
export function Tour(): React.JSX.Element | null {
  const open = useOverlay(({ overlay }) => overlay === 'tour')
  return open ? <Steps /> : null
}

const cardWidth = 320
/** Before the first card is measured. */
const cardHeight = 190

function leave(): void {
  useLayout.setState({ tourSeen: true })
  closeOverlay()
}

/** What is in sight of a control that may be longer than the box it scrolls in. */
function visibleBox(control: Element): Box {
  const own = control.getBoundingClientRect()
  const around = control.parentElement?.getBoundingClientRect() ?? own
  const [x, y] = [Math.max(own.left, around.left), Math.max(own.top, around.top)]
  return { x, y, width: Math.min(own.right, around.right) - x, height: Math.min(own.bottom, around.bottom) - y }
}

function Steps(): React.JSX.Element | null {
  const [index, setIndex] = useState(0)
  const [place, setPlace] = useState<Place | null>(null)
  const card = useRef<HTMLDivElement>(null)
  const step = tourSteps[index]

  // The control may move while it is pointed at: a card above it grows, the window is resized.
  useLayoutEffect(() => {
    if (!step) return
    let frame = 0
    let last = ''
    const measure = (): void => {
      const control = document.querySelector(`[data-tour="${step.control}"]`)
      const next = control ? stepPlace(visibleBox(control), { width: innerWidth, height: innerHeight }, { width: cardWidth, height: card.current?.offsetHeight ?? cardHeight }) : null
      const key = JSON.stringify(next)
      if (key !== last) {
        last = key
        setPlace(next)
      }
      frame = requestAnimationFrame(measure)
    }
    document.querySelector(`[data-tour="${step.control}"]`)?.scrollIntoView({ block: 'start' })
    measure()
    return () => cancelAnimationFrame(frame)
  }, [step])

  useEffect(() => {
    const before = document.activeElement
    card.current?.focus()
    return () => { if (before instanceof HTMLElement) before.focus() }
  }, [])

  if (!step) return null
  const last = index === tourSteps.length - 1
  const forward = (): void => (last ? leave() : setIndex(index + 1))
  const keys = (event: React.KeyboardEvent): void => {
    if (event.key === 'Escape') leave()
    else if (event.key === 'ArrowRight') forward()
    else if (event.key === 'ArrowLeft') setIndex(Math.max(0, index - 1))
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div className="Tour" role="dialog" aria-modal="true" aria-labelledby="tour-title" aria-describedby="tour-text" onKeyDown={keys}>
      {place && <div className="Tour-light" style={{ left: place.light.x, top: place.light.y, width: place.light.width, height: place.light.height }} />}
      <div className="Tour-card" ref={card} tabIndex={-1} style={place ? { left: place.card.x, top: place.card.y } : { left: '50%', top: '50%', transform: 'translate(-50%, -50%)' }}>
        <h2 id="tour-title">{step.title}</h2>
        <p id="tour-text">{step.text}</p>
        <div className="Tour-buttons">
          <span className="tabular">{index + 1} of {tourSteps.length}</span>
          <Button size="small" variant="ghost" onClick={leave}>Leave</Button>
          {index > 0 && <Button size="small" onClick={() => setIndex(index - 1)}>Back</Button>}
          <Button size="small" variant="primary" onClick={forward}>{last ? 'Done' : 'Next'}</Button>
        </div>
      </div>
    </div>
  )
}
