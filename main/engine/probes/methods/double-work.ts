import { openDoubleProducts, type DoubleProducts } from '../../matrices'

let opened: Promise<DoubleProducts> | null = null

/** The float64 products of this thread, opened once: the worker that holds them ends with its sweep. */
export function doubleProducts(): Promise<DoubleProducts> {
  opened ??= openDoubleProducts()
  return opened
}
