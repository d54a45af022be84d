/** SVG path of each point shape around the origin, about as large as a circle of radius 1. */
export const shapePaths: readonly string[] = [
  'M1,0 A1,1 0 1 1 -1,0 A1,1 0 1 1 1,0 Z',
  'M-0.86,-0.86 H0.86 V0.86 H-0.86 Z',
  'M0,-1.1 L1,0.7 L-1,0.7 Z',
  'M0,-1.15 L1.15,0 L0,1.15 L-1.15,0 Z',
  'M-0.32,-1 H0.32 V-0.32 H1 V0.32 H0.32 V1 H-0.32 V0.32 H-1 V-0.32 H-0.32 Z',
  'M1,0 A1,1 0 1 1 -1,0 A1,1 0 1 1 1,0 Z M0.5,0 A0.5,0.5 0 1 0 -0.5,0 A0.5,0.5 0 1 0 0.5,0 Z'
]

/** A point as the legend shows it. */
export function ShapeMark({ shape, color }: { readonly shape: number; readonly color: string }): React.JSX.Element {
  return <svg width={10} height={10} viewBox="-1.25 -1.25 2.5 2.5" aria-hidden><path d={shapePaths[shape] ?? shapePaths[0]} fill={color} /></svg>
}
