import { methodObstacle, probeMethods, type MethodFacts, type NeededColumn } from '../../../../preload/probe-methods'
import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import type { ProbeMethod } from '../probe-method'
import { ccs } from './ccs'
import { lda } from './lda'
import { logistic } from './logistic'
import { massMean, massMeanCovariance } from './mass-mean'
import { mlp } from './mlp'
import { nearestCentroid } from './nearest-centroid'
import { pairedFirstComponent, pairedMeanDifference } from './paired-differences'
import { ttpd } from './ttpd'

const methods: readonly ProbeMethod[] = [logistic, massMean, massMeanCovariance, lda, nearestCentroid, mlp, pairedMeanDifference, pairedFirstComponent, ccs, ttpd]

/** The classifier of that name. @throws LayerscopeError `method-unknown` */
export function probeMethod(name: string): ProbeMethod {
  const method = methods.find(candidate => candidate.name === name)
  if (method) return method
  throw new LayerscopeError({
    code: 'method-unknown', field: 'methods',
    message: `There is no probe method ${quoted(name)}.`,
    hint: `Methods: ${methods.map(candidate => candidate.name).join(', ')}.`
  })
}

/** @throws LayerscopeError `method-binary-only`, `method-needs-…` where a method of `names` cannot run on what there is */
export function checkMethods(names: readonly string[], facts: MethodFacts): void {
  for (const method of probeMethods.filter(({ name }) => names.includes(name))) {
    const obstacle = methodObstacle(method, facts)
    if (obstacle !== null) throw new LayerscopeError({ code: obstacle.code, field: obstacle.field, message: obstacle.message, hint: obstacle.hint })
  }
}

/** Whether any of `names` reads that column. */
export function readsColumn(names: readonly string[], column: NeededColumn): boolean {
  return probeMethods.some(({ name, needs }) => needs.includes(column) && names.includes(name))
}
