import { LayerscopeError } from '../../errors'
import type { ProbeMethod } from '../probe-method'
import { lda } from './lda'
import { logistic } from './logistic'
import { massMean, massMeanCovariance } from './mass-mean'
import { nearestCentroid } from './nearest-centroid'

const methods: readonly ProbeMethod[] = [logistic, massMean, massMeanCovariance, lda, nearestCentroid]
/** Defined by their papers for two classes. */
const binaryOnly: readonly string[] = [massMean.name, massMeanCovariance.name]
/** For numeric labels. */
const numeric: readonly string[] = ['ridge']

/** The classifier of that name. @throws LayerscopeError `method-unknown` */
export function probeMethod(name: string): ProbeMethod {
  const method = methods.find(candidate => candidate.name === name)
  if (method) return method
  throw new LayerscopeError({
    code: 'method-unknown', field: 'methods',
    message: `There is no probe method "${name}".`,
    hint: `Methods: ${[...methods.map(candidate => candidate.name), ...numeric].join(', ')}.`
  })
}

/** Whether the methods predict a number; one sweep does not mix both kinds. @throws LayerscopeError `method-unknown`, `methods-mixed` */
export function areNumeric(names: readonly string[]): boolean {
  const numbers = names.filter(name => numeric.includes(name))
  for (const name of names) if (!numbers.includes(name)) probeMethod(name)
  if (numbers.length > 0 && numbers.length < names.length) {
    throw new LayerscopeError({
      code: 'methods-mixed', field: 'methods',
      message: `${numbers.join(', ')} predicts a number and the other methods a class, so one sweep cannot take both.`,
      hint: 'Run them one after the other.'
    })
  }
  return numbers.length > 0
}

/** @throws LayerscopeError `method-binary-only` where a method of `names` cannot tell this many classes apart */
export function checkClasses(names: readonly string[], classes: number): void {
  const refused = classes > 2 ? names.find(name => binaryOnly.includes(name)) : undefined
  if (refused === undefined) return
  throw new LayerscopeError({
    code: 'method-binary-only', field: 'methods',
    message: `The method ${refused} tells two classes apart, and the label has ${classes}.`,
    hint: 'Use nearest-centroid, lda or logistic, or a label with two classes.'
  })
}
