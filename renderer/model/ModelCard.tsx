import { Box, FolderOpen, MessageSquareText, X } from 'lucide-react'
import { Button, Card, ErrorNotice, IconButton, Skeleton, WarningNotice } from '../components'
import { cancelModel, openModel } from '../state/model'
import { openModels } from '../state/models'
import { openPrompt } from '../state/prompt'
import { openingOf, useWorkbench } from '../state/workbench'
import type { Opening } from '../state/workbench-state'
import { Checklist, expectedChecks } from './ModelChecks'
import { ModelDetails, ModelFacts } from './ModelFacts'
import './ModelCard.css'

/** The open model: what it is, and the checks by which it proves itself. */
export function ModelCard(): React.JSX.Element {
  const model = useWorkbench(({ model }) => model)
  const opening = openingOf(model)
  const actions = opening
    ? <IconButton icon={X} label="Cancel opening the model" size="small" onClick={cancelModel} />
    : model.kind === 'empty' ? undefined : (
      <>
        {model.kind === 'ready' && <Button size="small" variant="ghost" icon={MessageSquareText} onClick={openPrompt}>Try a prompt…</Button>}
        <IconButton icon={FolderOpen} label="Open another model…" shortcut="Mod+O" size="small" onClick={openModels} />
      </>
    )
  return (
    <Card title="Model" icon={Box} actions={actions} className="ModelCard">
      {model.kind === 'empty' && (
        <div className="CardPrompt">
          <p>From this machine: Hugging Face, GGUF or ONNX.</p>
          <Button icon={FolderOpen} onClick={openModels}>Open model…</Button>
        </div>
      )}
      {opening && <OpeningView opening={opening} stays={model.kind === 'ready' ? model.value.name : null} />}
      {model.kind === 'failed' && (
        <>
          <p className="CardName" title={model.path}>{fileName(model.path)}</p>
          <ErrorNotice error={model.error} action={
            <>
              <Button size="small" onClick={openModels}>{model.error.code.endsWith('moved') || model.error.code.endsWith('missing') ? 'Locate…' : 'Open another…'}</Button>
              <Button size="small" variant="ghost" onClick={() => void openModel(model.path)}>Try again</Button>
            </>
          } />
        </>
      )}
      {model.kind === 'ready' && !opening && (
        <>
          <ModelFacts model={model.value} />
          <ModelDetails model={model.value} />
          {model.value.provider.note !== null && <WarningNotice>{model.value.provider.note}</WarningNotice>}
          {model.value.warnings.map((warning) => <WarningNotice key={warning}>{warning}</WarningNotice>)}
        </>
      )}
    </Card>
  )
}

/** What is known so far: the name, then the facts, then one self-test after the other. */
function OpeningView({ opening: { path, stage, loaded, checks }, stays }: { readonly opening: Opening; readonly stays: string | null }): React.JSX.Element {
  const asked = useWorkbench(({ extraction }) => extraction.provider)
  return (
    <div aria-busy="true">
      {loaded
        ? <ModelFacts model={loaded} />
        : (
          <>
            <p className="CardName" title={path}>{fileName(path)}</p>
            <div className="ModelCard-skeletons"><Skeleton width="72%" /><Skeleton width="56%" /><Skeleton width="64%" /></div>
          </>
        )}
      <p className="CardQuiet" aria-live="polite">{stage}…{stays !== null && ` ${stays} stays open until then.`}</p>
      <Checklist checks={checks} expected={expectedChecks(loaded?.provider.name ?? asked)} />
    </div>
  )
}

/** The repository of a Hugging Face cache, else the last part of a path, or two where the last is what every model's file is called. */
function fileName(path: string): string {
  const cached = /models--([^/\\]+)--([^/\\]+)/.exec(path)
  if (cached) return `${cached[1]}/${cached[2]}`
  const parts = path.split(/[\\/]/).filter(Boolean)
  return parts.slice(/^(model|encoder|decoder)[\w.-]*\.(onnx|safetensors|json)$/.test(parts.at(-1) ?? '') ? -2 : -1).join('/')
}
