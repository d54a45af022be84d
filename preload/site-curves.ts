/** What the curves of a card show, in the units of the data: the page and the figures draw the same lines from it. */
import type { CodeLength, ErasedScore, Erasure, Interval, OnlineCode } from './contract'
import { measureRange } from './measures'

/** `result` is what was found, `control` what it is compared with, `reference` a value that needs no computing. */
export type CurveKind = 'result' | 'control' | 'reference'

/** The name at the right end of a line. */
export interface CurveEnd { readonly name: string; readonly kind: CurveKind; readonly value: number }

/** A block of an online code: its bits a label, by the rows its probe had seen. */
export interface CodePoint { readonly seen: number; readonly sent: number; readonly bits: number }

export interface NamedCode { readonly name: string; readonly kind: CurveKind; readonly code: OnlineCode }

export interface CodeCurve {
  readonly lines: readonly (NamedCode & { readonly points: readonly CodePoint[] })[]
  /** Bits a label of the uniform code. */
  readonly uniform: number
  /** End of the axis of bits; what lies above is drawn there. */
  readonly most: number
  /** Rows seen by the first probe and by the last, the ends of the logarithmic axis. */
  readonly seen: readonly [first: number, last: number]
  /** Rows that the axis names. */
  readonly ticks: readonly number[]
  readonly ends: readonly CurveEnd[]
}

/** The codes with their names, the labels' first. */
export function namedCodes({ labels, shuffled, controlTask }: CodeLength): readonly NamedCode[] {
  return [
    { name: 'labels', code: labels, kind: 'result' }, { name: 'shuffled labels', code: shuffled, kind: 'control' },
    ...controlTask === null ? [] : [{ name: 'control task', code: controlTask, kind: 'control' } as const]
  ]
}

/** Bits a label of every block after the first, beside the uniform code. */
export function codeCurve(codeLength: CodeLength): CodeCurve {
  const { ends, classes } = codeLength
  const uniform = Math.log2(classes)
  const lines = namedCodes(codeLength).map((one) => ({
    ...one, points: ends.slice(0, -1).map((seen, i) => ({ seen, sent: (ends[i + 1] ?? 0) - seen, bits: (one.code.blocks[i + 1] ?? 0) / ((ends[i + 1] ?? 0) - seen) }))
  }))
  const seen = [ends[0] ?? 1, ends.at(-2) ?? 1] as const
  const decades = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].filter((rows) => rows >= seen[0] * 0.99 && rows <= seen[1] * 1.01)
  return {
    lines, uniform, seen, ticks: decades.length > 1 ? decades : [...new Set(seen)],
    most: Math.min(2 * uniform, Math.max(1.15 * uniform, ...lines.flatMap(({ points }) => points.map(({ bits }) => bits * 1.05)))),
    ends: [...lines.map(({ name, points, kind }) => ({ name, kind, value: points.at(-1)?.bits ?? 0 })), { name: 'uniform code', kind: 'reference', value: uniform }]
  }
}

/** Accuracy of a fresh probe by the directions that were taken out. */
export interface ErasureStep { readonly directions: number; readonly accuracy: number; readonly interval: Interval }

export interface ErasureCurve {
  /** Nothing taken out, then one projection of INLP after the other. */
  readonly steps: readonly ErasureStep[]
  readonly leace: ErasedScore
  /** The true label's accuracy after as much was taken out for shuffled labels. */
  readonly control: ErasedScore
  readonly majority: number
  /** End of the axis of directions. */
  readonly most: number
  /** Axis of accuracy. */
  readonly range: readonly [low: number, high: number]
  readonly ends: readonly CurveEnd[]
}

/** Held-out accuracy after every projection of INLP with its interval, LEACE, the control and the majority class. */
export function erasureCurve({ before, leace, inlp, shuffled, majority }: Erasure): ErasureCurve {
  const steps = [{ directions: 0, ...before }, ...inlp]
  const control = inlp.length > 0 ? shuffled.inlp : shuffled.leace
  const last = inlp.at(-1)
  return {
    steps, leace, control, majority,
    most: Math.max(1, control.directions, leace.directions, ...inlp.map(({ directions }) => directions)),
    range: measureRange('accuracy', [majority, shuffled.leace.accuracy, leace.accuracy, ...steps.map(({ interval }) => interval.lo)]),
    ends: [
      ...last ? [{ name: 'INLP', kind: 'result', value: last.accuracy } as const] : [],
      { name: 'shuffled labels', kind: 'control', value: control.accuracy }, { name: 'majority class', kind: 'reference', value: majority }
    ]
  }
}
