import { useMemo } from 'react'
import { methodName } from '../../preload/measures'
import { Button, Checkbox, Dialog, formatQuantity } from '../components'
import { useDatasetDialog } from '../state/dataset'
import { chooseMethods, closeProbes, offeredMethods, useProbesDialog, type OfferedMethod } from '../state/probes'
import { useWorkbench } from '../state/workbench'
import { sentence } from './ProbesChoice'
import './ProbesDialog.css'

/** Chooses the methods that a run trains side by side; those that cannot run say what they lack. */
export function ProbesDialog(): React.JSX.Element | null {
  const open = useProbesDialog(({ open }) => open)
  const rolesCheck = useWorkbench((state) => state.rolesCheck)
  const roles = useWorkbench((state) => state.roles)
  const probe = useWorkbench((state) => state.probe)
  const offered = useMemo(() => offeredMethods({ rolesCheck, roles, probe }), [rolesCheck, roles, probe])
  if (!open || offered.length === 0) return null
  const chosen = offered.filter((own) => own.chosen).map(({ method }) => method.name)
  const toggle = (name: string, on: boolean): void => chooseMethods(on ? [...chosen, name] : chosen.filter((own) => own !== name))
  const onColumns = offered.filter(({ method }) => method.needs.length > 0)
  const onLabels = offered.filter(({ method }) => method.needs.length === 0)
  const lines = (methods: readonly OfferedMethod[]): React.JSX.Element[] => methods.map((own) => (
    <MethodLine key={own.method.name} offered={own} last={own.chosen && chosen.length === 1} onChange={(on) => toggle(own.method.name, on)} />
  ))
  return (
    <Dialog open onOpenChange={(next) => { if (!next) closeProbes() }} title="Probes" width={560}
      description="Each is trained at every site, on the same folds and with the same controls."
      footer={
        <>
          <p className="ProbesDialog-count" role="status">{formatQuantity(chosen.length, 'probe')} a site</p>
          <Button variant="ghost" disabled={probe.methods.length === 0} onClick={() => chooseMethods(offered.filter(({ suggested }) => suggested).map(({ method }) => method.name))}>Use the suggestion</Button>
          <Button variant="primary" onClick={closeProbes}>Done</Button>
        </>
      }>
      <div className="ProbesDialog-group" role="group" aria-label="From labels">{lines(onLabels)}</div>
      {onColumns.length > 0 && (
        <div className="ProbesDialog-group" role="group" aria-labelledby="probes-contrast">
          <div className="ProbesDialog-heading">
            <h3 id="probes-contrast">From contrast pairs and negation</h3>
            {onColumns.some(({ obstacle }) => obstacle !== null) && (
              <Button size="small" variant="ghost" onClick={() => { closeProbes(); useDatasetDialog.setState({ open: true }) }}>Choose columns…</Button>
            )}
          </div>
          {lines(onColumns)}
        </div>
      )}
    </Dialog>
  )
}

function MethodLine({ offered: { method, suggested, chosen, obstacle }, last, onChange }: { readonly offered: OfferedMethod; readonly last: boolean; readonly onChange: (on: boolean) => void }): React.JSX.Element {
  return (
    <div className="ProbesDialog-method" data-off={obstacle !== null || undefined}>
      {/* One probe at least: the last tick stays. */}
      <Checkbox checked={chosen} disabled={obstacle !== null || last} onChange={onChange}>
        <span className="ProbesDialog-name">{sentence(methodName(method.name))}{suggested && <em> suggested</em>}</span>
        <small>{obstacle ?? method.summary}</small>
      </Checkbox>
    </div>
  )
}
