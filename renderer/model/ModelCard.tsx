import { Box, Check, FolderOpen, MessageSquareText, TriangleAlert, X } from 'lucide-react'
import type { ModelCheck, ModelSummary } from '../../preload/contract'
import { Button, Card, Disclosure, ErrorNotice, formatBytes, formatCompact, formatCount, IconButton, Skeleton, WarningNotice } from '../components'
import { cancelModel, chooseModel, openModel } from '../state/model'
import { openPrompt } from '../state/prompt'
import { useWorkbench } from '../state/workbench'
import './ModelCard.css'

/** The open model: what it is, and the checks by which it proves itself. */
export function ModelCard(): React.JSX.Element {
  const model = useWorkbench(({ model }) => model)
  const actions = model.kind === 'loading'
    ? <IconButton icon={X} label="Cancel opening" size="small" onClick={cancelModel} />
    : model.kind === 'empty' ? undefined : <IconButton icon={FolderOpen} label="Open another model…" shortcut="Mod+O" size="small" onClick={() => void chooseModel()} />
  return (
    <Card title="Model" icon={Box} actions={actions} className="ModelCard">
      {model.kind === 'empty' && (
        <div className="CardPrompt">
          <p>An ONNX file or a model folder.</p>
          <Button icon={FolderOpen} onClick={() => void chooseModel()}>Open model…</Button>
        </div>
      )}
      {model.kind === 'loading' && <Opening path={model.path} stage={model.stage} checks={model.checks} />}
      {model.kind === 'failed' && (
        <>
          <p className="CardName" title={model.path}>{fileName(model.path)}</p>
          <ErrorNotice error={model.error} action={
            <>
              <Button size="small" onClick={() => void chooseModel()}>{model.error.code.endsWith('moved') || model.error.code.endsWith('missing') ? 'Locate…' : 'Open another…'}</Button>
              <Button size="small" variant="ghost" onClick={() => void openModel(model.path)}>Try again</Button>
            </>
          } />
        </>
      )}
      {model.kind === 'ready' && <Facts model={model.value} />}
    </Card>
  )
}

function Opening({ path, stage, checks }: { readonly path: string; readonly stage: string; readonly checks: readonly ModelCheck[] }): React.JSX.Element {
  return (
    <div aria-busy="true">
      <p className="CardName" title={path}>{fileName(path)}</p>
      <p className="CardQuiet" aria-live="polite">{stage}…</p>
      <div className="ModelCard-skeletons"><Skeleton width="72%" /><Skeleton width="56%" /><Skeleton width="64%" /></div>
      <Checks checks={checks} />
    </div>
  )
}

function Facts({ model }: { readonly model: ModelSummary }): React.JSX.Element {
  const facts: readonly (readonly [term: string, value: string | null])[] = [
    ['Architecture', model.family],
    ['Format', `${formatName(model.format)}, ${precisionName(model.precision)}`],
    ['Layers × width', `${formatCount(model.layers)} × ${formatCount(model.hidden)}`],
    ['Heads', model.heads === null ? null : model.kvHeads !== null && model.kvHeads !== model.heads ? `${model.heads}, ${model.kvHeads} for keys and values` : String(model.heads)],
    ['Vocabulary', model.vocab === null ? null : formatCompact(model.vocab)],
    ['Tokenizer', model.tokenizer ?? null],
    ['Chat template', model.chatTemplate === undefined ? null : model.chatTemplate ? 'yes' : 'none'],
    ['Longest input', model.maxPositions === null ? null : `${formatCount(model.maxPositions)} tokens`],
    ['Size', `${formatBytes(model.bytes)}${model.format === 'onnx' ? '' : ', read in place'}`],
    ['Licence', model.license]
  ]
  return (
    <>
      <p className="CardName selectable" title={model.path}>{model.name}</p>
      <dl className="Facts">
        {facts.map(([term, value]) => value !== null && <div key={term}><dt>{term}</dt><dd className="selectable tabular">{value}</dd></div>)}
      </dl>
      <div className="ModelCard-prompt"><Button size="small" icon={MessageSquareText} shortcut="Mod+P" onClick={openPrompt}>Try a prompt…</Button></div>
      <Checks checks={model.checks} />
      {model.warnings.map((warning) => <WarningNotice key={warning}>{warning}</WarningNotice>)}
    </>
  )
}

/** Passed checks stay folded into one line; one that failed is in sight. */
function Checks({ checks }: { readonly checks: readonly ModelCheck[] }): React.JSX.Element | null {
  if (checks.length === 0) return null
  const failed = checks.filter(({ ok }) => !ok)
  const passed = checks.length - failed.length
  return (
    <div className="ModelCard-checks">
      <Disclosure label={failed.length === 0 ? `${passed} ${passed === 1 ? 'check' : 'checks'} passed` : `${failed.length} of ${checks.length} checks failed`} defaultOpen={failed.length > 0}>
        <ul>{checks.map((check) => <CheckLine key={check.name} check={check} />)}</ul>
      </Disclosure>
    </div>
  )
}

function CheckLine({ check }: { readonly check: ModelCheck }): React.JSX.Element {
  return (
    <li className="CheckLine" data-ok={check.ok}>
      {check.ok ? <Check size={14} strokeWidth={2} aria-label="Passed" /> : <TriangleAlert size={14} strokeWidth={2} aria-label="Failed" />}
      <span className="selectable">{check.name}<small>{check.detail}</small></span>
    </li>
  )
}

/** Block formats of GGUF with the bits a weight takes; others by their own name. */
function precisionName(precision: string): string {
  const bits = /^I?Q(\d)_/.exec(precision)?.[1]
  return bits === undefined ? precision : `${precision} (${bits}-bit blocks)`
}

function formatName(format: ModelSummary['format']): string {
  return format === 'onnx' ? 'ONNX' : format === 'gguf' ? 'GGUF' : 'safetensors'
}

/** Last two parts of a path: `onnx/model.onnx` alone would say nothing. */
function fileName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).slice(-2).join('/')
}
