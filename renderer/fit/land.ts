import { mesh } from 'topojson-client'
import type { GeometryObject, Topology } from 'topojson-specification'
import topology from 'world-atlas/land-110m.json'

/** Antarctica lies below what a map shows. */
const southernmost = -60

/** Coastlines as runs of longitude and latitude in degrees (Natural Earth 1:110m, public domain, from the package world-atlas). */
export const coastlines: readonly (readonly (readonly [longitude: number, latitude: number])[])[] = lines()

function lines(): readonly (readonly (readonly [number, number])[])[] {
  const world = topology as unknown as Topology
  const land = world.objects['land'] as GeometryObject
  return mesh(world, land).coordinates
    .map((line) => line.map(([longitude = 0, latitude = 0]) => [longitude, latitude] as const))
    .filter((line) => line.some(([, latitude]) => latitude > southernmost))
    .flatMap(cutAtDateLine)
}

/** A line that steps over the date line would be drawn back across the whole map. */
function cutAtDateLine(line: readonly (readonly [number, number])[]): (readonly [number, number])[][] {
  const parts: (readonly [number, number])[][] = [[]]
  line.forEach((point, i) => {
    const before = line[i - 1]
    if (before && Math.abs(point[0] - before[0]) > 180) parts.push([])
    parts.at(-1)?.push(point)
  })
  return parts
}
