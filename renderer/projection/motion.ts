/** Duration of a move that keeps objects constant, in ms: none where the system asks for reduced motion. */
export function motionMs(): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 250
}
