import { LayerscopeError } from '../../errors'
import type { ProbeMethod } from '../probe-method'
import { lda } from './lda'
import { logistic } from './logistic'
import { massMean, massMeanCovariance } from './mass-mean'
import { nearestCentroid } from './nearest-centroid'

const methods: readonly ProbeMethod[] = [logistic, massMean, massMeanCovariance, lda, nearestCentroid]
/** Defined by their papers for two classes. */
const binaryOnly: readonly string[] = [massMean.name, massMeanCovariance.name]

/** The classifier of that name. @throws LayerscopeError `method-unknown` */
export function probeMethod(name: string): ProbeMethod {
  const method = methods.find(candidate => candidate.name === name)
  if (method) return method
  throw new LayerscopeError({
    code: 'method-unknown', field: 'methods',
    message: `There is no probe method "${name}".`,
    hint: `Methods: ${methods.map(candidate => candidate.name).join(', ')}.`
  })
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
