import type { CellCard } from '../../preload/contract'
import { measures, methodName, writeDistance, writeMeasure } from '../../preload/measures'
import { Button, WarningNotice } from '../components'
import { siteName } from '../layers'
import { useCardKey, useCardResults } from '../state/card'
import { useAnswer } from '../state/engine-data'
import { measureOf } from '../state/methods'
import { useView } from '../state/view'

/** Where the cell has the best test score of all and validation chose another: how many were looked at, and what the best of as many is worth. */
export function BestOfManyNote({ card: { site, method, chosen, cells } }: { readonly card: CellCard }): React.JSX.Element | null {
  const key = useCardKey()
  const picked = useView((view) => view.measure)
  const setCell = useView((view) => view.setCell)
  const results = useCardResults()
  if (!results || chosen === null || chosen.here) return null
  const measure = measureOf(results, null, picked)
  const sign = measures[measure].better === 'higher' ? 1 : -1
  const valueOf = (of: { readonly site: string; readonly method: string }): number | null =>
    results.find((result) => result.site === of.site && result.method === of.method)?.measures.find(({ name }) => name === measure)?.value ?? null
  const [own, best] = [valueOf({ site, method }), Math.max(...results.map((result) => sign * (valueOf(result) ?? -Infinity)))]
  if (own === null || sign * own < best) return null
  return <Note key={measure} {...{ sessionKey: key, measure, cells, chosen, chosenValue: valueOf(chosen), onGo: () => setCell(chosen.site, chosen.method) }} />
}

function Note({ sessionKey, measure, cells, chosen, chosenValue, onGo }: {
  readonly sessionKey: ReturnType<typeof useCardKey>; readonly measure: ReturnType<typeof measureOf>; readonly cells: number
  readonly chosen: NonNullable<CellCard['chosen']>; readonly chosenValue: number | null; readonly onGo: () => void
}): React.JSX.Element {
  const { value } = useAnswer('probe.bestOfMany', sessionKey && { ...sessionKey, measure })
  return (
    <WarningNotice action={<Button size="small" onClick={onGo}>Go to the chosen one</Button>}>
      <p>
        This is the best test {measures[measure].phrase} of {cells} layers and methods, and picking by test score flatters.
        {value && ` Were all ${value.cells} equally good, the best of them would stand ${writeDistance(measure, value.expected)} above its worth on average, and more than ${writeDistance(measure, value.upper)} once in twenty (bootstrap).`}
        {` Quote what validation rows chose: ${siteName(chosen.site)}, ${methodName(chosen.method)}${chosenValue === null ? '' : `, ${writeMeasure(measure, chosenValue)}`}.`}
      </p>
    </WarningNotice>
  )
}
