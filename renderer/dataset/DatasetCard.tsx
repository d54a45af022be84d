import { Columns3, FolderOpen, Table2, X } from 'lucide-react'
import type { DatasetSummary, RolesCheck } from '../../preload/contract'
import type { ColumnRoles } from '../../preload/recipe'
import { Button, Card, ErrorNotice, formatBytes, formatCount, formatQuantity, IconButton, Skeleton } from '../components'
import { cancelDataset, chooseDataset, rereadDataset, useDatasetDialog } from '../state/dataset'
import { openingOf, useWorkbench } from '../state/workbench'
import { ClassCounts } from './ClassCounts'
import './DatasetCard.css'

const openColumns = (): void => useDatasetDialog.setState({ open: true })

/** The open dataset: its size, the roles of its columns, and what is wrong with it. */
export function DatasetCard(): React.JSX.Element {
  const dataset = useWorkbench(({ dataset }) => dataset)
  const opening = openingOf(dataset)
  const roles = useWorkbench(({ roles }) => roles)
  const check = useWorkbench(({ rolesCheck }) => rolesCheck)
  return (
    <Card title="Dataset" icon={Table2} className="DatasetCard" actions={opening ? <IconButton icon={X} label="Cancel opening the dataset" size="small" onClick={cancelDataset} /> : dataset.kind !== 'empty' && (
      <>
        {dataset.kind === 'ready' && <IconButton icon={Columns3} label="Choose columns…" shortcut="Mod+Shift+C" size="small" onClick={openColumns} />}
        <IconButton icon={FolderOpen} label="Open another dataset…" shortcut="Mod+Shift+O" size="small" onClick={() => void chooseDataset()} />
      </>
    )}>
      {dataset.kind === 'empty' && (
        <div className="CardPrompt">
          <p>Texts with labels: CSV, TSV, JSON, Parquet…</p>
          <Button icon={FolderOpen} onClick={() => void chooseDataset()}>Open dataset…</Button>
        </div>
      )}
      {opening && (
        <div aria-busy="true">
          <p className="CardName" title={opening.path}>{opening.path.split(/[\\/]/).at(-1)}</p>
          <p className="CardQuiet" aria-live="polite">{opening.stage}…</p>
          <div className="ModelCard-skeletons"><Skeleton width="60%" /><Skeleton width="72%" /></div>
        </div>
      )}
      {dataset.kind === 'failed' && (
        <>
          <p className="CardName" title={dataset.path}>{dataset.path.split(/[\\/]/).at(-1)}</p>
          <ErrorNotice error={dataset.error} action={
            <>
              <Button size="small" onClick={() => void chooseDataset()}>{dataset.error.code.endsWith('moved') || dataset.error.code.endsWith('missing') ? 'Locate…' : 'Open another…'}</Button>
              <Button size="small" variant="ghost" onClick={() => rereadDataset({})}>Try again</Button>
            </>
          } />
        </>
      )}
      {dataset.kind === 'ready' && !opening && <Facts dataset={dataset.value} roles={roles} check={check} />}
    </Card>
  )
}

/** `{city}` templates as they are, a column by its name. */
function textName(roles: ColumnRoles): string {
  return roles.text.kind === 'column' ? roles.text.column : roles.text.template
}

function Facts({ dataset, roles, check }: { readonly dataset: DatasetSummary; readonly roles: ColumnRoles | null; readonly check: RolesCheck | null }): React.JSX.Element {
  const problems = dataset.problemCount + (check?.problems.length ?? 0)
  return (
    <>
      <p className="CardName selectable" title={dataset.path}>{dataset.name}</p>
      <p className="CardQuiet tabular">
        {formatQuantity(dataset.rows, 'row')} · {formatQuantity(dataset.columns.length, 'column')} · {formatBytes(dataset.bytes)}
      </p>
      {roles && (
        <button type="button" className="RolesSummary" onClick={openColumns} aria-label="Choose columns">
          <span>Text</span><b>{textName(roles) || 'choose…'}</b>
          <span>Label</span><b>{roles.label === null ? 'none' : [roles.label, ...roles.moreTargets].join(', ')}</b>
          {check?.task === 'tree' && <><span>Predicts</span><b>parse trees</b></>}
          {roles.group !== null && <><span>Group</span><b>{roles.group}</b></>}
          {roles.test !== null && <><span>Test rows</span><b>{roles.test}</b></>}
        </button>
      )}
      {check && roles?.label != null && <ClassCounts check={check} />}
      {check && check.usableRows < dataset.rows && (
        <p className="CardQuiet tabular">{formatCount(check.usableRows)} of {formatQuantity(dataset.rows, 'row')} can be used</p>
      )}
      {problems > 0 && <button type="button" className="LinkButton" onClick={openColumns}>{formatQuantity(problems, 'problem')} to look at</button>}
    </>
  )
}
