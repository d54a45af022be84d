import type { CellCard } from '../../preload/contract'
import { flatteringCells, measures, methodName, writeBestOfMany, writeMeasure } from '../../preload/measures'
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
  if (!results) return null
  const measure = measureOf(results, null, picked)
  const isThis = (result: { readonly site: string; readonly method: string }): boolean => result.site === site && result.method === method
  if (!flatteringCells(results, chosen, measure).some(isThis)) return null
  const chosenValue = results.find((result) => result.site === chosen?.site && result.method === chosen.method)?.measures.find(({ name }) => name === measure)?.value ?? null
  return <Note key={measure} {...{ sessionKey: key, measure, cells, chosen, chosenValue, onGo: setCell }} />
}

function Note({ sessionKey, measure, cells, chosen, chosenValue, onGo }: {
  readonly sessionKey: ReturnType<typeof useCardKey>; readonly measure: ReturnType<typeof measureOf>; readonly cells: number
  readonly chosen: CellCard['chosen']; readonly chosenValue: number | null; readonly onGo: (site: string, method: string) => void
}): React.JSX.Element {
  const { value } = useAnswer('probe.bestOfMany', sessionKey && { ...sessionKey, measure })
  return (
    <WarningNotice action={chosen && <Button size="small" onClick={() => onGo(chosen.site, chosen.method)}>Go to the chosen one</Button>}>
      <p>
        This is the best test {measures[measure].phrase} of {cells} layers and methods, and picking by test score flatters.
        {value && ` ${writeBestOfMany(value)}`}
        {chosen && ` Quote what validation rows chose: ${siteName(chosen.site)}, ${methodName(chosen.method)}${chosenValue === null ? '' : `, ${writeMeasure(measure, chosenValue)}`}.`}
      </p>
    </WarningNotice>
  )
}
