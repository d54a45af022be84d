import { openSafetensors, type Matrix } from '../activations/index'
import type { ProbedRows } from './analysis-protocol'

/** As for the sweep: below it a feature of the training rows carries nothing but rounding. */
const deadDeviation = 1e-12

/** A site's activations, whole. */
export async function readActivations(path: string): Promise<Matrix> {
  const file = await openSafetensors(path)
  try {
    const [rows = 0, columns = 0] = file.tensors.get('activations')?.shape ?? []
    return { data: await file.readFloat32('activations'), rows, columns }
  } finally {
    await file.close()
  }
}

/** Activation rows that the probe of a fold was trained on: labelled, tested in another fold or in none. */
export function trainingRows({ codes, fold }: Pick<ProbedRows, 'codes' | 'fold'>, own: number): Int32Array {
  return Int32Array.from(codes.keys()).filter(row => (codes[row] as number) >= 0 && fold[row] !== own)
}

/** Units in which a fold's probe sees features: those of its training rows. Dead features have scale 0. */
export interface Units { readonly mean: Float64Array; readonly inverse: Float64Array }

/** Mean and 1 / deviation of `rows`, the deviation over n, as the sweep standardises. */
export function unitsOf({ data, columns }: Matrix, rows: Int32Array): Units {
  const mean = new Float64Array(columns)
  const inverse = new Float64Array(columns)
  for (const row of rows) for (let column = 0; column < columns; column++) mean[column] = (mean[column] as number) + (data[row * columns + column] as number)
  for (let column = 0; column < columns; column++) mean[column] = (mean[column] as number) / rows.length
  for (const row of rows) {
    for (let column = 0; column < columns; column++) inverse[column] = (inverse[column] as number) + ((data[row * columns + column] as number) - (mean[column] as number)) ** 2
  }
  for (let column = 0; column < columns; column++) {
    const deviation = Math.sqrt((inverse[column] as number) / rows.length)
    inverse[column] = deviation < deadDeviation ? 0 : 1 / deviation
  }
  return { mean, inverse }
}

/** `rows` in these units, [rows, columns]. */
export function inUnits({ data, columns }: Matrix, rows: Int32Array, { mean, inverse }: Units): Float64Array {
  const values = new Float64Array(rows.length * columns)
  rows.forEach((row, i) => {
    for (let column = 0; column < columns; column++) values[i * columns + column] = ((data[row * columns + column] as number) - (mean[column] as number)) * (inverse[column] as number)
  })
  return values
}
