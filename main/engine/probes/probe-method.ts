import type { SiteContrast } from './contrast-pairs'
import type { Products } from './products'
import type { SiteData } from './site-data'

/** A linear probe in the coordinates of `SiteData.features`. */
export interface LinearProbe {
  /** [outputs, columns] */
  readonly weights: Float32Array
  /** [outputs] */
  readonly intercepts: Float64Array
}

/** A probe that no weights on a row's features describe, by its logits on every labelled row of the site, [outputs, rows]. */
export interface ScoredProbe { readonly logits: Float32Array }

export type Probe = LinearProbe | ScoredProbe

export function isLinear(probe: Probe): probe is LinearProbe {
  return 'weights' in probe
}

/** One probe to train, at one or several strengths. */
export interface FitJob {
  /** Cells whose rows it may see. */
  readonly cells: readonly number[]
  /** Class of each labelled row; the true ones, or shuffled for the control. The logistic probe does not train on rows of a negative class. */
  readonly codes: Int32Array
  /** Ascending. */
  readonly strengths: readonly number[]
  /** Where to begin; must come from rows that the job may see. */
  readonly start: LinearProbe | null
}

export interface FitResult {
  /** One probe for each strength of the job. */
  readonly probes: readonly Probe[]
  /** Value of the method's objective at each strength; NaN where the method has none. */
  readonly objectives: Float64Array
  /** Strengths at which the solver reached its cap before even the precision for validation. */
  readonly unfinished: readonly number[]
}

/**
 * How far an iterative method goes. `validation`: the objective to 1e-3 or better, enough to rank strengths.
 * `final`: until float32 products give nothing more, since on separable data an objective that is right to 1e-4 can still
 * leave held-out probabilities off by a tenth.
 */
export type Precision = 'validation' | 'final'

/** What a method is given at one site. */
export interface SiteContext {
  readonly data: SiteData
  readonly cellOfRow: Int32Array
  readonly classes: number
  readonly products: Products
  /** What methods on contrast pairs, polarity and topics read. */
  readonly contrast: SiteContrast
  /** Of whatever a method draws. */
  readonly seed: number
  /** Throws when the sweep was cancelled; called between iterations. */
  readonly checkpoint: () => void
}

/**
 * A way to train probes, one file each. The sweep chooses folds, strengths and controls;
 * a method only fits jobs. Outputs are one logit of class 1 for two classes, a logit a class otherwise.
 */
export interface ProbeMethod {
  readonly name: string
  /** Strengths to choose from, ascending, as the plan asks; one value where the method has none to choose. */
  strengths(count: number): readonly number[]
  /** Fits all jobs of a site together. */
  fit(context: SiteContext, jobs: readonly FitJob[], precision: Precision): Promise<readonly FitResult[]>
}
