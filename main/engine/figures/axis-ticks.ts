/** Round numbers within [low, high], about `count` of them, ascending. */
export function axisTicks(low: number, high: number, count: number): readonly number[] {
  if (!(high > low)) return [low]
  const raw = (high - low) / Math.max(1, count)
  const magnitude = 10 ** Math.floor(Math.log10(raw))
  // The nearest of 1, 2, 5, 10 by ratio.
  const step = magnitude * (raw / magnitude > 7.1 ? 10 : raw / magnitude > 3.2 ? 5 : raw / magnitude > 1.4 ? 2 : 1)
  const ticks: number[] = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(Number((i * step).toPrecision(12)))
  return ticks
}
