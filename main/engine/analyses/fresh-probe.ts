import { keptProbes, isLinear, noContrast, prepareSite, probeMethod, type Products } from '../probes/index'

/** A logistic probe in the coordinates it was asked for in: one logit of class 1 for two classes, one a class otherwise. */
export interface FreshProbe {
  /** [outputs, columns] */
  readonly weights: Float64Array
  /** [outputs] */
  readonly intercepts: Float64Array
}

export interface ProbeRows {
  /** [rows, columns], in units of the original features' deviation. */
  readonly features: Float64Array
  readonly columns: number
  /** Class of each row. */
  readonly codes: Int32Array
  readonly classes: number
  readonly strength: number
}

/** A feature with less deviation than this, of the 1 it had, is what rounding left of it; standardised it would be noise at full size. */
const leastDeviation = 1e-6

/** Trains the logistic probe of the sweep on all rows. */
export async function freshProbe(products: Products, site: string, { features, columns, codes, classes, strength }: ProbeRows, checkpoint: () => void): Promise<FreshProbe> {
  const rows = codes.length
  const cellOfRow = new Int32Array(rows)
  const data = prepareSite(site, { data: withoutRounding(features, columns), rows, columns }, rows, Int32Array.from(cellOfRow.keys()), cellOfRow, 1)
  try {
    const context = { data, cellOfRow, classes, products, contrast: noContrast(rows), seed: 0, checkpoint }
    const fits = await probeMethod('logistic').fit(context, [{ cells: [0], codes, strengths: [strength], start: null }], 'final')
    const none = new Float64Array(0)
    return keptProbes(data, fits.flatMap(fit => fit.probes).filter(isLinear), { strengths: none, validation: none, chosen: none })
  } finally {
    await data.close()
  }
}

function withoutRounding(features: Float64Array, columns: number): Float32Array {
  const rows = features.length / columns
  const [sums, squares] = [new Float64Array(columns), new Float64Array(columns)]
  for (let at = 0; at < features.length;) for (let column = 0; column < columns; column++, at++) sums[column] = (sums[column] as number) + (features[at] as number)
  for (let at = 0; at < features.length;) {
    for (let column = 0; column < columns; column++, at++) squares[column] = (squares[column] as number) + ((features[at] as number) - (sums[column] as number) / rows) ** 2
  }
  const data = Float32Array.from(features)
  for (let column = 0; column < columns; column++) {
    if (Math.sqrt((squares[column] as number) / rows) < leastDeviation) for (let at = column; at < data.length; at += columns) data[at] = 0
  }
  return data
}
