import type { FitJob, ProbeMethod, SiteContext } from '../../../main/engine/probes/probe-method'
import { Products } from '../../../main/engine/probes/products'
import { prepareSite } from '../../../main/engine/probes/site-data'

/** A site in memory, ready to fit: every row labelled, `cellOfRow` its cell. */
export async function siteContext(
  values: Float32Array, columns: number, cellOfRow: Int32Array, classes: number, outputs = classes === 2 ? 1 : classes
): Promise<SiteContext> {
  const rows = cellOfRow.length
  const cells = Math.max(...cellOfRow) + 1
  const data = prepareSite('site', { data: Float32Array.from(values), rows, columns }, rows, Int32Array.from(cellOfRow.keys()), cellOfRow, cells)
  return { data, cellOfRow, classes, products: await Products.create(outputs), checkpoint: () => undefined }
}

/** Jobs that leave out each of `held` in turn. */
export function leavingOut(held: readonly number[], cells: number, codes: Int32Array, strengths: readonly number[]): readonly FitJob[] {
  return held.map(fold => ({ cells: [...Array(cells).keys()].filter(cell => cell !== fold), codes, strengths, start: null }))
}

/** Logits [rows, outputs] of one probe, in float64 from its weights and the stored features. */
export function logitsOf(context: SiteContext, probe: Awaited<ReturnType<ProbeMethod['fit']>>[number]['probes'][number]): Float64Array {
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
