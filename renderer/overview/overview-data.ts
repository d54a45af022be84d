import type { MeasureName, SiteResult } from '../../preload/contract'
import { measureRange, measures, methodName, writeMeasure, writeTick } from '../../preload/measures'
import { siteName, siteTick } from '../layers/site-axis'
import type { HeatMapData } from '../plots'

/** Methods (rows) by sites (columns) of a run in one measure. */
export function overviewMap(sites: readonly string[], methods: readonly string[], results: readonly SiteResult[], measure: MeasureName, about: string): HeatMapData {
  const of = new Map(results.map((result) => [`${result.method} ${result.site}`, result.measures.find(({ name }) => name === measure)?.value ?? null]))
  const values = methods.flatMap((method) => sites.map((site) => of.get(`${method} ${site}`) ?? null))
  const known = values.filter((value) => value !== null)
  const [low, high] = measureRange(measure, known)
  const { phrase, better, unit } = measures[measure]
  return {
    title: `Held-out ${phrase} of ${methods.length === 1 ? `the ${methodName(methods[0] ?? '')} probe` : 'every method'} at every layer of ${about}${better === 'lower' ? ', lower is better' : ''}`, valueName: phrase,
    rows: { title: 'method', labels: methods.map(methodName) }, columns: { title: 'layer', labels: sites.map(siteTick), names: sites.map(siteName) },
    // The scale ends at the best there is: cells are told apart where they differ.
    values, range: known.length > 0 && better === 'higher' && unit !== 'ratio' ? [low, Math.min(high, Math.max(...known))] : [low, high],
    write: (value) => writeMeasure(measure, value), writeShort: (value) => unit === 'share' ? (value * 100).toFixed(1) : writeTick(measure, value)
  }
}
