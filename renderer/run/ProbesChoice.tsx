import { useMemo } from 'react'
import { methodName } from '../../preload/measures'
import { offeredMethods, openProbes } from '../state/probes'
import { useWorkbench } from '../state/workbench'
import { PlanLine } from './PlanLine'

/** Named in the card; more are counted. */
const mostNamed = 2

/** Which probes a run trains: the suggested ones, or a choice. */
export function ProbesChoice(): React.JSX.Element {
  const rolesCheck = useWorkbench((state) => state.rolesCheck)
  const roles = useWorkbench((state) => state.roles)
  const probe = useWorkbench((state) => state.probe)
  const offered = useMemo(() => offeredMethods({ rolesCheck, roles, probe }), [rolesCheck, roles, probe])
  const names = offered.filter(({ chosen }) => chosen).map(({ method }) => methodName(method.name))
  const value = offered.length === 0 ? roles === null ? 'By what is predicted' : 'None without a label' : summary(names)
  return <PlanLine label="Probes" value={value} choose={offered.length > 0 ? { label: 'Choose probes…', run: openProbes } : null} />
}

function summary(names: readonly string[]): string {
  const named = names.length > mostNamed + 1 ? names.slice(0, mostNamed) : names
  return sentence([...named, ...names.length > named.length ? [`${names.length - named.length} more`] : []].join(', '))
}

/** With a capital first; names such as CCS keep theirs. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
