import type { DataTheme, PointCoding } from '../palette'
import { svgToPng } from '../plots'
import { figureSize, figureSvg, MOST_CIRCLES, type CloudFigure } from './projection-figure'
import type { PointCloud } from './point-cloud'
import { pointState } from './point-state'

export interface CloudExport {
  readonly cloud: PointCloud
  readonly coding: PointCoding
  /** One of `pointState` a point. */
  readonly states: Uint8Array
  readonly title: string
  readonly note: string
  readonly axes: readonly [string, string] | null
  readonly theme: DataTheme
}

/** The cloud as it is on screen (same zoom, same points), with title and legend, as a file. */
export async function exportCloud({ cloud, coding, states, title, note, axes, theme }: CloudExport, format: 'svg' | 'png'): Promise<Uint8Array> {
  const canvas = cloud.snapshot()
  const [width, height] = [canvas.clientWidth, canvas.clientHeight]
  const xy = new Float32Array(cloud.points * 2).fill(NaN)
  const opacity = new Float32Array(cloud.points)
  for (let point = 0; point < cloud.points; point++) {
    const at = states[point] === pointState.hidden ? null : cloud.screenOf(point)
    if (at) xy.set(at, point * 2)
    opacity[point] = states[point] === pointState.dimmed ? 0.16 : 0.9
  }
  const figure: CloudFigure = {
    width, height, title, note, xy, opacity, axes, colors: coding.colors, shapes: coding.shapes, diameter: cloud.diameter, legend: coding.legend,
    surface: theme.surface, text: theme.text, quiet: theme.textTertiary
  }
  const svg = figureSvg(figure, cloud.points > MOST_CIRCLES ? canvas.toDataURL('image/png') : null)
  return format === 'svg' ? new TextEncoder().encode(svg) : svgToPng(svg, figureSize(figure))
}
