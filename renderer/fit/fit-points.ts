import type { Coordinates, NumericValues } from '../../preload/contract'

/** Held-out predictions of one layer as points; rows without one are left out. */
export interface FitPoints {
  readonly kind: 'map' | 'fit'
  /** Dataset rows. */
  readonly rows: Int32Array
  /** x, y interleaved in the units of `domain`: where the prediction lies. On a fit plot x is the actual value and y the predicted one. */
  readonly predicted: Float32Array
  /** The true place; on a fit plot the point of the diagonal over it. */
  readonly actual: Float32Array
  /** Kilometres on a map, |y − ŷ| else. */
  readonly error: Float32Array
  readonly domain: Domain
}

export interface Domain { readonly x: readonly [number, number]; readonly y: readonly [number, number] }

/** Longitude and latitude that a map shows: all land but the inner Antarctic. */
export const mapDomain: Domain = { x: [-180, 180], y: [-62, 86] }

const radius = 6371.0088
const radians = Math.PI / 180

/** Great-circle distance of two places in degrees, in kilometres (haversine). */
export function kilometres(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  const h = Math.sin((latitudeB - latitudeA) * radians / 2) ** 2 + Math.cos(latitudeA * radians) * Math.cos(latitudeB * radians) * Math.sin((longitudeB - longitudeA) * radians / 2) ** 2
  return 2 * radius * Math.asin(Math.min(1, Math.sqrt(Math.max(0, h))))
}

/** Points of a layer. `target` is the one that a fit plot shows. Predictions off the map are drawn at its edge. */
export function fitPoints({ rows, targets }: NumericValues, coordinates: Coordinates | null, target: number): FitPoints {
  const shown = coordinates === null ? [targets[target]] : [targets[coordinates.longitude], targets[coordinates.latitude]]
  const at = [...rows.keys()].filter((i) => shown.every((one) => one !== undefined && !Number.isNaN(one.predicted[i]) && !Number.isNaN(one.actual[i])))
  const read = (which: number, kind: 'predicted' | 'actual', i: number): number => shown[which]?.[kind][i] ?? NaN
  const [predicted, actual, error] = [new Float32Array(2 * at.length), new Float32Array(2 * at.length), new Float32Array(at.length)]
  if (coordinates !== null) {
    at.forEach((i, place) => {
      const [longitude, latitude] = [read(0, 'predicted', i), read(1, 'predicted', i)]
      predicted.set([clamped(longitude, mapDomain.x), clamped(latitude, mapDomain.y)], 2 * place)
      actual.set([read(0, 'actual', i), clamped(read(1, 'actual', i), mapDomain.y)], 2 * place)
      error[place] = kilometres(latitude, longitude, read(1, 'actual', i), read(0, 'actual', i))
    })
    return { kind: 'map', rows: Int32Array.from(at, (i) => rows[i] as number), predicted, actual, error, domain: mapDomain }
  }
  let [low, high] = [Infinity, -Infinity]
  at.forEach((i, place) => {
    const [own, truth] = [read(0, 'predicted', i), read(0, 'actual', i)]
    predicted.set([truth, own], 2 * place)
    actual.set([truth, truth], 2 * place)
    error[place] = Math.abs(own - truth)
    low = Math.min(low, own, truth)
    high = Math.max(high, own, truth)
  })
  const margin = (high - low || 1) * 0.04
  const range: readonly [number, number] = at.length === 0 ? [0, 1] : [low - margin, high + margin]
  return { kind: 'fit', rows: Int32Array.from(at, (i) => rows[i] as number), predicted, actual, error, domain: { x: range, y: range } }
}

function clamped(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(high, Math.max(low, value))
}

/** Where a domain lies in a room of pixels: maps keep degrees square, plots fill the room beside their axes. */
export interface Placement extends Frame {
  x(value: number): number
  y(value: number): number
  /** The values at a pixel. */
  valueX(pixel: number): number
  valueY(pixel: number): number
}

export function placement({ kind, domain: { x, y } }: Pick<FitPoints, 'kind' | 'domain'>, width: number, height: number): Placement {
  const pad = kind === 'map' ? { left: 12, right: 12, top: 8, bottom: 8 } : { left: 64, right: 24, top: 12, bottom: 44 }
  let [left, right, top, bottom] = [pad.left, Math.max(pad.left + 1, width - pad.right), pad.top, Math.max(pad.top + 1, height - pad.bottom)]
  // A map keeps degrees square, a plot keeps its two equal axes equal, so that the diagonal is one.
  const scale = Math.min((right - left) / (x[1] - x[0]), (bottom - top) / (y[1] - y[0]))
  const spareX = (right - left - scale * (x[1] - x[0])) / 2
  const spareY = (bottom - top - scale * (y[1] - y[0])) / 2
  left += spareX
  right -= spareX
  top += spareY
  bottom -= spareY
  return {
    left, right, top, bottom, x: (value) => left + scale * (value - x[0]), y: (value) => bottom - scale * (value - y[0]),
    valueX: (pixel) => x[0] + (pixel - left) / scale, valueY: (pixel) => y[0] + (bottom - pixel) / scale
  }
}

/** Padding and border of the tip around what is measured of it. */
const tipFrame = { width: 22, height: 18 }

/** Where the tip of a point stands, in pixels of the room: beside it where there is room, else over or under it; never on its ring. */
export function tipPlace(content: { readonly width: number; readonly height: number }, point: { readonly x: number; readonly y: number }, room: { readonly width: number; readonly height: number }): { readonly left: number; readonly top: number } {
  const [width, height] = [content.width + tipFrame.width, content.height + tipFrame.height]
  const rounded = (left: number, top: number): { readonly left: number; readonly top: number } => ({ left: Math.round(left), top: Math.round(top) })
  const [middleX, middleY] = [(edge: number): number => Math.max(edge, Math.min(room.width - edge - width, point.x - width / 2)), (edge: number): number => Math.max(edge, Math.min(room.height - edge - height, point.y - height / 2))]
  // Where it does not fit with air around it, closer to the ring and to the edge.
  for (const [gap, edge] of [[14, 8], [9, 2]] as const) {
    if (point.x + gap + width <= room.width - edge) return rounded(point.x + gap, middleY(edge))
    if (point.x - gap - width >= edge) return rounded(point.x - gap - width, middleY(edge))
    if (point.y + gap + height <= room.height - edge) return rounded(middleX(edge), point.y + gap)
    if (point.y - gap - height >= edge) return rounded(middleX(edge), point.y - gap - height)
  }
  // No side has room: the edge of the room cuts it off sooner than that it hides its point.
  return rounded(middleX(2), point.y > room.height / 2 ? point.y - 9 - height : point.y + 9)
}

/** Where points are drawn: what lies outside is cut off. */
export interface Frame { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }

export function isInFrame({ left, right, top, bottom }: Frame, x: number, y: number): boolean {
  return x >= left && x <= right && y >= top && y <= bottom
}

/** Index of the predicted point nearest to a place on screen, within `reach` pixels, of those in the frame; -1 for none. */
export function nearestPoint(screen: Float32Array, x: number, y: number, frame: Frame, reach = 12): number {
  let best = -1
  let least = reach * reach
  for (let i = 0; i < screen.length / 2; i++) {
    const distance = ((screen[2 * i] as number) - x) ** 2 + ((screen[2 * i + 1] as number) - y) ** 2
    if (distance < least && isInFrame(frame, screen[2 * i] as number, screen[2 * i + 1] as number)) [least, best] = [distance, i]
  }
  return best
}

/** `13.8° S`. */
export function writeLatitude(degrees: number): string {
  return `${Math.abs(degrees).toFixed(1)}° ${degrees < 0 ? 'S' : 'N'}`
}

/** `171.8° W`. */
export function writeLongitude(degrees: number): string {
  return `${Math.abs(degrees).toFixed(1)}° ${degrees < 0 ? 'W' : 'E'}`
}

/** An error or a value with the digits it is worth. */
export function writeNumber(value: number, kind: FitPoints['kind']): string {
  if (kind === 'map') return `${Math.round(value).toLocaleString('en-US')} km`
  const size = Math.abs(value)
  const text = size >= 1000 ? Math.round(value).toLocaleString('en-US') : size >= 100 ? value.toFixed(0) : size >= 1 || size === 0 ? value.toFixed(1) : value.toPrecision(2)
  return text.replace('-', '−')
}
