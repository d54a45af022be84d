import type { LoadedModel, ModelMemory, ModelSummary } from '../../preload/contract'
import { Disclosure, formatBytes, formatCompact, formatCount, formatDuration, formatQuantity } from '../components'
import { providerName } from '../run'
import { Checks, ChecksPassed } from './ModelChecks'
import { formatName, precisionName } from './precision'

/** What a model is, in three lines; the rest is one click away. */
export function ModelFacts({ model }: { readonly model: LoadedModel }): React.JSX.Element {
  const { family, format, precision, layers, hidden, heads, kvHeads } = model
  return (
    <>
      <p className="CardName selectable" title={model.path}>{model.name}</p>
      <div className="ModelFacts selectable tabular">
        <p>{family} · {formatName(format)}, {precisionName(precision)}</p>
        <p>{formatCount(layers)} layers × {formatCount(hidden)}{heads !== null && ` · ${formatQuantity(heads, 'head')}`}{kvHeads !== null && kvHeads !== heads && `, ${kvHeads} kv`}</p>
        {model.memory ? <Memory memory={model.memory} /> : <p>{formatBytes(model.bytes)} on disk</p>}
      </div>
    </>
  )
}

/** Before and during a long job, as computed from the list of tensors. */
function Memory({ memory: { mappedBytes, decodedBytes, prepackedBytes } }: { readonly memory: ModelMemory }): React.JSX.Element {
  const opened = decodedBytes > 0 ? `${formatBytes(decodedBytes)} in memory` : `${formatBytes(mappedBytes)} mapped`
  return (
    <p title={`Computed from the list of tensors. ${decodedBytes > 0 ? 'The blocks of quantised weights are decoded into memory when the model opens.' : 'Mapped weights stay in the file and take no memory of their own.'} ${prepackedBytes === null ? 'How much of an export is copied into memory for a run, ONNX Runtime decides as it loads the model.' : 'A run or a prompt copies the matrices into the layout that multiplies fastest.'}`}>
      {opened}{prepackedBytes !== null && `, ${formatBytes(prepackedBytes)} more in a run`}
    </p>
  )
}

/** The rest of the facts, and the self-tests: one that failed is in sight. */
export function ModelDetails({ model }: { readonly model: ModelSummary }): React.JSX.Element {
  const { provider, memory, checks } = model
  const facts: readonly (readonly [term: string, value: string | null])[] = [
    ['Runs on', providerName(provider.name)],
    ['Vocabulary', model.vocab === null ? null : formatCompact(model.vocab)],
    ['Tokenizer', model.tokenizer ?? 'none'],
    ['Longest input', model.maxPositions === null ? null : `${formatCount(model.maxPositions)} tokens`],
    ['Chat template', model.chatTemplate === true ? 'yes' : 'none'],
    ['On disk', formatBytes(model.bytes)],
    ['Mapped', memory && memory.mappedBytes > 0 ? formatBytes(memory.mappedBytes) : null],
    ['Decoded', memory && memory.decodedBytes > 0 ? formatBytes(memory.decodedBytes) : null],
    ['Copied for a run', memory && memory.prepackedBytes !== null ? formatBytes(memory.prepackedBytes) : 'as ONNX Runtime decides'],
    ['Loaded in', formatDuration(model.openMs / 1000)],
    ['Licence', model.license ?? 'not stated']
  ]
  return (
    <Disclosure label="Details" detail={<ChecksPassed checks={checks} />} defaultOpen={checks.some(({ ok }) => !ok)}>
      <Checks checks={checks} />
      <dl className="ModelCard-facts">
        {facts.map(([term, value]) => value !== null && <div key={term}><dt>{term}</dt><dd className="selectable tabular">{value}</dd></div>)}
      </dl>
    </Disclosure>
  )
}
