import { siteName, siteTick } from '../layers'
import { useSize } from '../plots'

export interface LayerCurveProps {
  readonly caption: string
  /** One value a layer in the order of depth; NaN where there is none. */
  readonly values: readonly { readonly site: string; readonly value: number }[]
  readonly selected: string | null
  readonly domain: readonly [low: number, high: number]
  /** On the axis; those with a grid line are possible values, not ends of what is there. */
  readonly ticks: readonly { readonly value: number; readonly text: string; readonly grid?: 'line' | 'middle' }[]
  /** Drawn as a thin line; null where there is none. */
  readonly reference: number | null
  readonly write: (value: number) => string
  readonly onSelect: (site: string) => void
}

const HEIGHT = 84
const pad = { right: 10, top: 12, bottom: 22 }
/** Room of an axis label of that many characters. */
const axisRoom = (characters: number): number => 12 + 6 * characters
/** Layers that have a dot each. */
const mostDots = 24

/** A value of one row through the layers. Click a layer to go there. */
export function LayerCurve({ caption, values, selected, domain: [low, high], ticks, reference, write, onSelect }: LayerCurveProps): React.JSX.Element {
  const [{ width }, measure] = useSize()
  const left = axisRoom(Math.max(...ticks.map(({ text }) => text.length)))
  const right = width - pad.right
  const step = Math.max(0, right - left) / Math.max(1, values.length)
  const x = (index: number): number => left + step * (index + 0.5)
  const y = (value: number): number => pad.top + (HEIGHT - pad.top - pad.bottom) * (high - value) / (high - low || 1)
  const at = values.findIndex(({ site }) => site === selected)
  const known = values.map(({ value }, index) => ({ value, index })).filter(({ value }) => !Number.isNaN(value))
  const told = ({ site, value }: LayerCurveProps['values'][number]): string => `${siteName(site)}: ${Number.isNaN(value) ? 'no score' : write(value)}`
  const labelled = (index: number): boolean => index === at || ((index === 0 || index === values.length - 1) && (at < 0 || Math.abs(index - at) * step >= 32))
  if (known.length === 0) return <p className="Inspector-quiet">This row was in no test fold, so no probe scored it.</p>
  return (
    <figure className="LayerCurve">
      <figcaption>{caption}</figcaption>
      <div ref={measure}>
        <svg width={width} height={HEIGHT} role="img" aria-label={values.map(told).join(', ')}>
          {ticks.map(({ value, text, grid }) => (
            <g key={text}>
              {grid && <line className="LayerCurve-grid" x1={left} x2={right} y1={y(value)} y2={y(value)} data-middle={grid === 'middle' || undefined} />}
              <text x={left - 6} y={y(value)} dy="0.35em" textAnchor="end">{text}</text>
            </g>
          ))}
          {at >= 0 && <rect className="LayerCurve-selected" x={x(at) - Math.max(step, 8) / 2} y={pad.top - 6} width={Math.max(step, 8)} height={HEIGHT - pad.top - pad.bottom + 12} rx={3} />}
          {reference !== null && <line className="LayerCurve-reference" x1={left} x2={right} y1={y(reference)} y2={y(reference)} />}
          <polyline className="LayerCurve-line" points={known.map(({ value, index }) => `${x(index)},${y(value)}`).join(' ')} />
          {known.map(({ value, index }) => (values.length <= mostDots || index === at) && <circle key={index} className="LayerCurve-dot" data-selected={index === at || undefined} cx={x(index)} cy={y(value)} r={index === at ? 4 : 2.5} />)}
          {values.map(({ site }, index) => labelled(index) && (
            <text key={site} x={x(index)} y={HEIGHT - 4} textAnchor={step > 28 ? 'middle' : index === 0 ? 'start' : index === values.length - 1 ? 'end' : 'middle'} data-selected={index === at || undefined}>{siteTick(site)}</text>
          ))}
          {values.map((one, index) => (
            <rect key={one.site} className="LayerCurve-target" x={x(index) - step / 2} y={0} width={step} height={HEIGHT} onClick={() => onSelect(one.site)}><title>{told(one)}</title></rect>
          ))}
        </svg>
      </div>
    </figure>
  )
}
