import type { ModelSummary } from '../../preload/contract'
import { Button, formatQuantity } from '../components'
import { openSites } from '../state/sites'
import { useWorkbench } from '../state/workbench'
import './SitesChoice.css'

/** Which sites a run reads: the default ones, or a choice from all that the model has. */
export function SitesChoice({ model }: { readonly model: ModelSummary | null }): React.JSX.Element {
  const sites = useWorkbench(({ extraction }) => extraction.sites)
  const summary = model === null
    ? 'Embedding, every layer, final norm'
    : sites === null ? `Every layer (${formatQuantity(model.defaultSites.length, 'site')})` : formatQuantity(sites.length, 'chosen site')
  return (
    <div className="Field">
      <span className="Field-label">Sites</span>
      <div className="SitesChoice"><span>{summary}</span>{model && <Button size="small" variant="ghost" onClick={openSites}>Choose…</Button>}</div>
    </div>
  )
}
