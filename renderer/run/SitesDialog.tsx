import { useMemo, useState } from 'react'
import type { ModelSummary } from '../../preload/contract'
import { Button, Dialog, formatBytes, formatCount, formatQuantity, SegmentedControl, TextInput } from '../components'
import { closeSites, useSitesDialog } from '../state/sites'
import { useWorkbench, workbench } from '../state/workbench'
import { bytesPerToken, siteLines, sitePresets, siteTree } from './site-tree'
import { SiteTree } from './SiteTree'
import './SitesDialog.css'

/** Browses every place of the model and chooses those a run reads, with what they cost. */
export function SitesDialog(): React.JSX.Element | null {
  const open = useSitesDialog(({ open }) => open)
  const model = useWorkbench(({ model }) => (model.kind === 'ready' ? model.value : null))
  if (!open || model === null) return null
  return <OpenSitesDialog key={model.modelId} model={model} />
}

function OpenSitesDialog({ model }: { readonly model: ModelSummary }): React.JSX.Element {
  const before = useWorkbench(({ extraction }) => extraction)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(before.sites ?? model.defaultSites))
  const [dtype, setDtype] = useState(before.dtype)
  const [search, setSearch] = useState('')
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(() => new Set())
  const tree = useMemo(() => siteTree(model.sites), [model])
  const presets = useMemo(() => sitePresets(model), [model])
  const lines = useMemo(() => siteLines(tree, expanded, search), [tree, expanded, search])
  const done = (): void => {
    // Depth order is the model's own order.
    const sites = model.sites.filter(({ name }) => chosen.has(name)).map(({ name }) => name)
    workbench.set({ extraction: { ...workbench.get().extraction, dtype, sites: sameSites(chosen, model.defaultSites) ? null : sites } })
    closeSites()
  }
  return (
    <Dialog open onOpenChange={(next) => { if (!next) closeSites() }} title="Sites" width={840} description="Places in the model that the run reads, by their TransformerLens names."
      footer={
        <>
          <Cost model={model} chosen={chosen} dtype={dtype} />
          <Button variant="ghost" onClick={closeSites}>Cancel</Button>
          <Button variant="primary" disabled={chosen.size === 0} onClick={done}>Done</Button>
        </>
      }>
      <div className="SitesDialog-tools">
        <TextInput aria-label="Search sites" placeholder="Search: 3 mlp, resid_post, q…" value={search} autoFocus onChange={(event) => setSearch(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowDown') return
            event.preventDefault()
            document.getElementById('site-tree')?.focus()
          }} />
        <SegmentedControl label="Stored as" size="small" value={dtype} onChange={setDtype} options={[{ value: 'f32', label: 'float32' }, { value: 'f16', label: 'float16' }]} />
      </div>
      <div className="SitesDialog-presets" role="group" aria-label="Presets">
        {presets.map(({ label, sites }) => <Button key={label} size="small" aria-pressed={sameSites(chosen, sites)} onClick={() => setChosen(new Set(sites))}>{label}</Button>)}
        <Button size="small" variant="ghost" disabled={chosen.size === 0} onClick={() => setChosen(new Set())}>None</Button>
      </div>
      <SiteTree lines={lines} chosen={chosen} dtype={dtype} onChoose={setChosen} searching={search.trim() !== ''}
        onExpand={(id, open) => setExpanded((now) => { const next = new Set(now); if (open) next.add(id); else next.delete(id); return next })} />
    </Dialog>
  )
}

function sameSites(chosen: ReadonlySet<string>, sites: readonly string[]): boolean {
  return chosen.size === sites.length && sites.every((name) => chosen.has(name))
}

/** What the choice takes on disk: for a row and for the whole dataset. */
function Cost({ model, chosen, dtype }: { readonly model: ModelSummary; readonly chosen: ReadonlySet<string>; readonly dtype: 'f32' | 'f16' }): React.JSX.Element {
  const rows = useWorkbench(({ dataset, rolesCheck, extraction }) => {
    const all = rolesCheck?.usableRows ?? (dataset.kind === 'ready' ? dataset.value.rows : null)
    return all === null ? null : Math.min(all, extraction.limit ?? Infinity)
  })
  const everyToken = useWorkbench(({ extraction }) => extraction.positions.kind === 'all')
  const bytes = bytesPerToken(model.sites, chosen, dtype)
  return (
    <p className="SitesDialog-cost" role="status">
      {chosen.size === 0 ? 'Choose at least one site.' : (
        <>
          <b className="tabular">{formatQuantity(chosen.size, 'site')}</b>
          <span className="tabular">{formatBytes(bytes)} a {everyToken ? 'token' : 'row'}{rows !== null && !everyToken && ` · ${formatBytes(bytes * rows)} for ${formatCount(rows)} rows`}</span>
        </>
      )}
    </p>
  )
}
