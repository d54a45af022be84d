/** What a head tells without its whole product: rounded logits, and how far each may be from the logit itself. */
export interface LogitBounds {
  /** No logit is greater than its bound: [vocab]. */
  readonly upper: Float32Array
  /** One logit at least is not smaller. */
  readonly least: number
  /** What the head multiplies: [width]. */
  readonly hidden: Float32Array
}

/** Outputs of a cached graph that gives them. */
export const BOUNDS = { upper: 'logit_bounds', least: 'least_logit', hidden: 'head_input' } as const

/** A token's logit for what the head multiplies, in float64. */
export type LogitOf = (token: number, hidden: Float32Array) => number

/** The token with the greatest logit, the lowest id on a tie: only those that can be it are computed. */
export function screenedChoice(bounds: LogitBounds, logitOf: LogitOf): number {
  const { token, withinBounds } = greatest(bounds, logitOf, bounds.least)
  // Where a processor rounded more than the bounds allow for, some of those that were computed would show it.
  return withinBounds ? token : greatest(bounds, logitOf, -Infinity).token
}

function greatest({ upper, hidden }: LogitBounds, logitOf: LogitOf, least: number): { readonly token: number; readonly withinBounds: boolean } {
  let [found, best, withinBounds] = [0, -Infinity, true]
  for (let token = 0; token < upper.length; token++) {
    const bound = upper[token] ?? -Infinity
    if (bound < least) continue
    const logit = logitOf(token, hidden)
    if (logit > bound) withinBounds = false
    if (logit > best) [found, best] = [token, logit]
  }
  return { token: found, withinBounds }
}
