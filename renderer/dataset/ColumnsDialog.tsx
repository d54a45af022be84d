import { useState } from 'react'
import type { Cell, ColumnInfo, DatasetSummary } from '../../preload/contract'
import type { ColumnRoles, ProbePlan } from '../../preload/recipe'
import { Button, Dialog, Disclosure, Field, formatCount, formatNumber, formatQuantity, SegmentedControl, Select, TextInput } from '../components'
import { holdsTrees, rereadDataset, setRoles, suggestedRoles, useDatasetDialog } from '../state/dataset'
import { useWorkbench, workbench } from '../state/workbench'
import { ClassCounts } from './ClassCounts'
import { ProblemList } from './ProblemList'
import './ColumnsDialog.css'

const close = (): void => useDatasetDialog.setState({ open: false })

/** Chooses which columns are the text, the label, the group and the test split, beside the first rows. */
export function ColumnsDialog(): React.JSX.Element | null {
  const open = useDatasetDialog(({ open }) => open)
  const dataset = useWorkbench(({ dataset }) => dataset)
  const roles = useWorkbench(({ roles }) => roles)
  if (dataset.kind !== 'ready' || !roles) return null
  return (
    <Dialog open={open} onOpenChange={(next) => { if (!next) close() }} title={dataset.value.name} width={960}
      description={`${formatQuantity(dataset.value.rows, 'row')}. Choose what the model reads and what the probe predicts.`}
      footer={
        <>
          <Button variant="ghost" onClick={() => setRoles(suggestedRoles(dataset.value))}>Use the suggestion</Button>
          <Button variant="primary" onClick={close}>Done</Button>
        </>
      }>
      <Preview dataset={dataset.value} roles={roles} />
      <div className="ColumnsDialog-columns">
        <RolesForm dataset={dataset.value} roles={roles} />
        <Outcome dataset={dataset.value} roles={roles} />
      </div>
    </Dialog>
  )
}

// ── The first rows ───────────────────────────────────────────────────────────────────────────────

function roleOf(column: string, { text, label, moreTargets, group, test, pair, polarity, topic }: ColumnRoles): string | null {
  if (text.kind === 'column' ? text.column === column : text.template.includes(`{${column}}`)) return 'text'
  return column === label ? 'label' : moreTargets.includes(column) ? 'target' : column === group ? 'group' : column === test ? 'test' : column === pair ? 'pair' : column === polarity ? 'polarity' : column === topic ? 'topic' : null
}

function Preview({ dataset, roles }: { readonly dataset: DatasetSummary; readonly roles: ColumnRoles }): React.JSX.Element {
  return (
    <div className="Preview" tabIndex={0} role="region" aria-label="First rows">
      <table>
        <thead>
          <tr>
            <th className="Preview-row" scope="col"><span className="visually-hidden">Row</span></th>
            {dataset.columns.map((column) => {
              const role = roleOf(column.name, roles)
              return (
                <th key={column.name} scope="col" data-role={role ?? undefined} data-number={isNumeric(column) || undefined} title={describe(column)}>
                  <span>{column.name}</span>{role && <em>{role}</em>}
                  <small>{column.type}{column.missing > 0 && `, ${formatCount(column.missing)} empty`}</small>
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {dataset.preview.slice(0, 20).map((cells, row) => (
            // Rows of a preview never move: their place is their identity.
            <tr key={row}>
              <td className="Preview-row tabular">{row + 1}</td>
              {dataset.columns.map((column, index) => <PreviewCell key={column.name} column={column} cell={cells[index] ?? null} role={roleOf(column.name, roles)} />)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Numbers stand digit under digit. */
function isNumeric({ type }: ColumnInfo): boolean {
  return type === 'integer' || type === 'number'
}

function PreviewCell({ column, cell, role }: { readonly column: ColumnInfo; readonly cell: Cell; readonly role: string | null }): React.JSX.Element {
  const text = cell === null ? '' : String(cell)
  return <td data-role={role ?? undefined} data-number={isNumeric(column) || undefined} title={text.slice(0, 500)}>{cell === null ? <i>empty</i> : text.slice(0, 200)}</td>
}

function describe({ type, distinct, missing, min, max, examples }: ColumnInfo): string {
  const range = min !== null && max !== null ? `, ${formatNumber(min)} to ${formatNumber(max)}` : ''
  return `${type}${range}; ${formatQuantity(distinct, 'distinct value')}, ${formatCount(missing)} empty\n${examples.join(', ')}`
}

// ── Roles ────────────────────────────────────────────────────────────────────────────────────────

/** A select cannot hold null: this stands for "no column", which no column can be called. */
const none = '\u0000none'

function RolesForm({ dataset, roles }: { readonly dataset: DatasetSummary; readonly roles: ColumnRoles }): React.JSX.Element {
  const { columns, suggested, groupReason } = dataset
  const task = useWorkbench(({ probe }) => probe.task)
  const options = columns.map(({ name, type, distinct }) => ({ value: name, label: name, detail: `${type}, ${formatQuantity(distinct, 'distinct value')}` }))
  const orNone = (label: string): typeof options => [{ value: none, label, detail: '' }, ...options]
  const pick = (value: string): string | null => (value === none ? null : value)
  const firstText = roles.text.kind === 'column' ? roles.text.column : columns[0]?.name ?? ''
  return (
    <div className="RolesForm">
      <div className="Field">
        <div className="RolesForm-line">
          <span className="Field-label">Text the model reads</span>
          <SegmentedControl label="Text from" size="small" value={roles.text.kind}
            onChange={(kind) => setRoles({ ...roles, text: kind === 'column' ? { kind, column: columns.find(({ type }) => type === 'text')?.name ?? firstText } : { kind, template: `{${firstText}}` } })}
            options={[{ value: 'column', label: 'A column' }, { value: 'template', label: 'A template' }]} />
        </div>
        {roles.text.kind === 'column'
          ? <Select label="Text column" value={roles.text.column === '' ? null : roles.text.column} options={options} onChange={(column) => setRoles({ ...roles, text: { kind: 'column', column } })} />
          : <TemplateInput key={dataset.datasetId} template={roles.text.template} columns={columns} onChange={(template) => setRoles({ ...roles, text: { kind: 'template', template } })} />}
      </div>
      <Field label="Label the probe predicts" hint={roles.label === null ? 'Without a label layers can be looked at, not compared.' : null}>
        {(id) => <Select id={id} label="Label column" value={roles.label ?? none} options={orNone('No label')} onChange={(value) => setRoles({ ...roles, label: pick(value), moreTargets: roles.moreTargets.filter((name) => name !== value && value !== none) })} />}
      </Field>
      {(roles.label !== null || holdsTrees(columns)) && <TaskForm columns={columns} roles={roles} />}
      <Field label="Group that is kept together"
        hint={roles.group !== null && roles.group === suggested.group && groupReason ? `Suggested: ${groupReason}` : 'Rows of one group are never in training and test at once.'}>
        {(id) => <Select id={id} label="Group column" value={roles.group ?? none} options={orNone('No group: every row by itself')} onChange={(value) => setRoles({ ...roles, group: pick(value) })} />}
      </Field>
      <Field label="Test rows" hint={roles.test === null ? null : 'Rows marked true, 1 or “test” are never trained on.'}>
        {(id) => <Select id={id} label="Test column" value={roles.test ?? none} options={orNone(task === 'tree' ? 'A fifth of the sentences' : 'Each fold in turn')} onChange={(value) => setRoles({ ...roles, test: pick(value) })} />}
      </Field>
      <Disclosure key={dataset.datasetId} label="Contrast pairs and negation" detail={contrastDetail(roles)}>
        <div className="RolesForm-contrast">
          <Field label="Contrast pair" hint="The two rows of a pair share its value and have opposite labels. They stay in one fold.">
            {(id) => <Select id={id} label="Pair column" value={roles.pair ?? none} options={orNone('No pairs')} onChange={(value) => setRoles({ ...roles, pair: pick(value) })} />}
          </Field>
          <Field label="Polarity" hint="Affirmative (1, true) or negated (−1, 0, false): tells the two sides of pairs apart, and truth from the mark of negation.">
            {(id) => <Select id={id} label="Polarity column" value={roles.polarity ?? none} options={orNone('Not marked')} onChange={(value) => setRoles({ ...roles, polarity: pick(value) })} />}
          </Field>
          <Field label="Topic" hint="The subject or dataset a statement comes from. TTPD centres each by itself.">
            {(id) => <Select id={id} label="Topic column" value={roles.topic ?? none} options={orNone('One topic')} onChange={(value) => setRoles({ ...roles, topic: pick(value) })} />}
          </Field>
        </div>
      </Disclosure>
      {(dataset.format === 'csv' || dataset.format === 'tsv') && <ReadForm dataset={dataset} />}
      {dataset.format === 'conllu' && (
        <div className="Field">
          <span className="Field-label">A row is</span>
          <SegmentedControl label="Rows" size="small" fill value={dataset.read.rows ?? 'words'} onChange={(rows) => rereadDataset({ rows })}
            options={[{ value: 'words', label: 'A word' }, { value: 'sentences', label: 'A sentence' }]} />
        </div>
      )}
    </div>
  )
}

function contrastDetail({ pair, polarity, topic }: ColumnRoles): string {
  return [pair, polarity, topic].filter((column) => column !== null).join(' · ') || 'none'
}

const tasks = [{ value: 'auto', label: 'By the column' }, { value: 'classes', label: 'Classes' }, { value: 'numeric', label: 'Numbers' }] as const
const treeTask = { value: 'tree', label: 'Parse trees' } as const

/** What is predicted of the label, or the parse trees of a treebank in its place; and a second number predicted together with it, such as longitude beside latitude. */
function TaskForm({ columns, roles }: { readonly columns: readonly ColumnInfo[]; readonly roles: ColumnRoles }): React.JSX.Element {
  const asked = useWorkbench(({ probe }) => probe.task)
  const task = useWorkbench(({ rolesCheck }) => rolesCheck?.task ?? null)
  const numbers = columns.filter((column) => isNumeric(column) && column.name !== roles.label)
  const options = holdsTrees(columns) || asked === 'tree' ? [...tasks, treeTask] : tasks
  const setTask = (next: ProbePlan['task']): void => {
    // Methods belong to a task: another one begins with its own.
    workbench.set(({ probe }) => ({ probe: { ...probe, task: next, methods: [] } }))
    setRoles(next === 'classes' ? { ...roles, moreTargets: [] } : roles)
  }
  return (
    <>
      <div className="Field">
        <div className="RolesForm-line">
          <span className="Field-label">Predicted as</span>
          <SegmentedControl label="Predicted as" size="small" value={asked} onChange={setTask} options={options} />
        </div>
        {asked === 'tree' && <p className="Field-hint">Whatever the label, which then only colours the cloud.</p>}
      </div>
      {task === 'numeric' && numbers.length > 0 && (
        <Field label="Second number" hint="Predicted together with the label. Latitude and longitude draw on a map.">
          {(id) => <Select id={id} label="Second number" value={roles.moreTargets[0] ?? none} onChange={(value) => setRoles({ ...roles, moreTargets: value === none ? [] : [value] })}
            options={[{ value: none, label: 'None', detail: '' }, ...numbers.map(({ name, min, max }) => ({ value: name, label: name, detail: min === null || max === null ? '' : `${formatNumber(min)} to ${formatNumber(max)}` }))]} />}
        </Field>
      )}
    </>
  )
}

/** A template; an empty one is not taken over, since it would be refused. */
function TemplateInput({ template, columns, onChange }: { readonly template: string; readonly columns: readonly ColumnInfo[]; readonly onChange: (template: string) => void }): React.JSX.Element {
  const [text, setText] = useState(template)
  const change = (next: string): void => {
    setText(next)
    if (next.trim() !== '') onChange(next)
  }
  return (
    <>
      <TextInput aria-label="Template" value={text} placeholder="The city of {city} is in {country}." onChange={(event) => change(event.target.value)} />
      <div className="TemplateColumns" role="group" aria-label="Add a column to the template">
        {columns.map(({ name }) => <button key={name} type="button" onClick={() => change(`${text}{${name}}`)}>{`{${name}}`}</button>)}
      </div>
    </>
  )
}

const delimiters = [{ value: ',', label: 'Comma' }, { value: ';', label: 'Semicolon' }, { value: '\t', label: 'Tab' }, { value: '|', label: 'Bar |' }] as const

/** How the file is cut into cells; changing it reads the file again. */
function ReadForm({ dataset }: { readonly dataset: DatasetSummary }): React.JSX.Element {
  const { read } = dataset
  const known = delimiters.find(({ value }) => value === read.delimiter)
  return (
    <div className="RolesForm-read">
      <Select label="Delimiter" prefix size="small" value={known?.value ?? none} onChange={(value) => rereadDataset({ ...(read.header === undefined ? {} : { header: read.header }), ...(value === none ? {} : { delimiter: value }) })}
        options={[{ value: none, label: 'found by itself' }, ...delimiters]} />
      <Select label="First line" prefix size="small" value={read.header === undefined ? none : read.header ? 'names' : 'data'}
        onChange={(value) => rereadDataset({ ...(read.delimiter === undefined ? {} : { delimiter: read.delimiter }), ...(value === none ? {} : { header: value === 'names' }) })}
        options={[{ value: none, label: 'found by itself' }, { value: 'names', label: 'column names' }, { value: 'data', label: 'data' }]} />
    </div>
  )
}

// ── What it means for the run ────────────────────────────────────────────────────────────────────

function Outcome({ dataset, roles }: { readonly dataset: DatasetSummary; readonly roles: ColumnRoles }): React.JSX.Element {
  const check = useWorkbench(({ rolesCheck }) => rolesCheck)
  const checking = useDatasetDialog(({ checking }) => checking)
  const problems = [...dataset.problems, ...(check?.problems ?? [])]
  return (
    <div className="Outcome" aria-busy={checking} aria-live="polite">
      <h3>What the model will read</h3>
      <ul className="Outcome-examples selectable">
        {(check?.examples ?? []).slice(0, 3).map((example, index) => <li key={index}>{example}</li>)}
        {check?.examples.length === 0 && <li className="CardQuiet">No text yet</li>}
      </ul>
      {check && (
        <p className="CardQuiet tabular">
          {formatCount(check.usableRows)} of {formatQuantity(dataset.rows, 'row')} can be used
          {check.groups !== null && `, in ${formatQuantity(check.groups, 'group')}`}
          {check.targets.length > 0 && `. Predicted: ${check.targets.map(({ name, min, max }) => `${name} from ${formatNumber(min)} to ${formatNumber(max)}`).join(', ')}`}
        </p>
      )}
      {check && roles.label !== null && <ClassCounts check={check} />}
      {problems.length > 0 && <ProblemList problems={problems} count={dataset.problemCount + (check?.problems.length ?? 0)} />}
    </div>
  )
}
