import type { ModelSummary } from '../../preload/contract'
import { formatCount } from '../components'
import { openSites } from '../state/sites'
import { useWorkbench } from '../state/workbench'
import { PlanLine } from './PlanLine'

/** Which sites a run reads: the default ones, or a choice from all that the model has. */
export function SitesChoice({ model }: { readonly model: ModelSummary | null }): React.JSX.Element {
  const sites = useWorkbench(({ extraction }) => extraction.sites)
  const summary = model === null
    ? 'Every layer'
    : sites === null ? `Every layer (${formatCount(model.defaultSites.length)})` : `${formatCount(sites.length)} chosen`
  return <PlanLine label="Sites" value={summary} choose={model && { label: 'Choose sites…', run: openSites }} />
}
