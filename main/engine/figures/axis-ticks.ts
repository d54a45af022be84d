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

/** Moves label positions apart so that neighbours keep `gap`, each as near its wish as the others allow, within [low, high]. */
export function spreadLabels(wishes: readonly number[], gap: number, low: number, high: number): readonly number[] {
  const order = wishes.map((_, i) => i).sort((a, b) => (wishes[a] ?? 0) - (wishes[b] ?? 0))
  const places = order.map(i => Math.min(high, Math.max(low, wishes[i] ?? 0)))
  for (let i = 1; i < places.length; i++) places[i] = Math.max(places[i] ?? 0, (places[i - 1] ?? 0) + gap)
  // What ran past the end is pushed back.
  let limit = high
  for (let i = places.length - 1; i >= 0; i--) {
    places[i] = Math.min(places[i] ?? 0, limit)
    limit = (places[i] ?? 0) - gap
  }
  const result = new Array<number>(wishes.length).fill(0)
  order.forEach((wish, i) => { result[wish] = places[i] ?? 0 })
  return result
}
