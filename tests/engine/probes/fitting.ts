import { noContrast, type SiteContrast } from '../../../main/engine/probes/contrast-pairs'
import { isLinear, type FitJob, type FitResult, type LinearProbe, type SiteContext } from '../../../main/engine/probes/probe-method'
import { Products } from '../../../main/engine/probes/products'
import { prepareSite } from '../../../main/engine/probes/site-data'

/** A site in memory, ready to fit: every row labelled, `cellOfRow` its cell. */
export async function siteContext(
  values: Float32Array, columns: number, cellOfRow: Int32Array, classes: number, outputs = classes === 2 ? 1 : classes, contrast: SiteContrast = noContrast(cellOfRow.length)
): Promise<SiteContext> {
  const rows = cellOfRow.length
  const cells = Math.max(...cellOfRow) + 1
  const data = prepareSite('site', { data: Float32Array.from(values), rows, columns }, rows, Int32Array.from(cellOfRow.keys()), cellOfRow, cells)
  return { data, cellOfRow, classes, products: await Products.create(outputs), contrast, seed: 0, checkpoint: () => undefined }
}

/** Jobs that leave out each of `held` in turn. */
export function leavingOut(held: readonly number[], cells: number, codes: Int32Array, strengths: readonly number[]): readonly FitJob[] {
  return held.map(fold => ({ cells: [...Array(cells).keys()].filter(cell => cell !== fold), codes, strengths, start: null }))
}

/** The probes of a fit, which must be linear. */
export function linearProbes(fit: FitResult | undefined): readonly LinearProbe[] {
  const linear = fit?.probes.filter(isLinear) ?? []
  if (linear.length === 0 || linear.length < (fit?.probes.length ?? 0)) throw new Error('the method gave no linear probe')
  return linear
}

/** The first of them. */
export function linearProbe(fit: FitResult | undefined): LinearProbe {
  return linearProbes(fit)[0] as LinearProbe
}

/** Logits [rows, outputs] of one probe, in float64 from its weights and the stored features. */
export function logitsOf(context: SiteContext, probe: LinearProbe): Float64Array {
  const { rows, columns, features } = context.data
  const outputs = probe.intercepts.length
  const logits = new Float64Array(rows * outputs)
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = probe.intercepts[output] as number
      for (let column = 0; column < columns; column++) sum += (features[row * columns + column] as number) * (probe.weights[output * columns + column] as number)
      logits[row * outputs + output] = sum
    }
  }
  return logits
}
