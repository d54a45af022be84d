import type { LoadedModel, ModelMemory } from '../../preload/contract'
import { Disclosure, formatBytes, formatCompact, formatCount, formatDuration, formatQuantity } from '../components'
import { providerName } from '../run'
import { formatName, precisionName } from './precision'

/** What a model is, in three lines; the rest is one click away. */
export function ModelFacts({ model }: { readonly model: LoadedModel }): React.JSX.Element {
  const { family, format, precision, layers, hidden, heads, kvHeads } = model
  return (
    <>
      <p className="CardName selectable" title={model.path}>{model.name}</p>
      <div className="ModelFacts selectable tabular">
        <p>{family} · {formatName(format)}, {precisionName(precision)}</p>
        <p>{formatCount(layers)} layers × {formatCount(hidden)}{heads !== null && ` · ${formatQuantity(heads, 'head')}`}{kvHeads !== null && kvHeads !== heads && `, ${kvHeads} for k and v`}</p>
        {model.memory ? <Memory memory={model.memory} /> : <p>{formatBytes(model.bytes)} on disk</p>}
      </div>
    </>
  )
}

/** Before and during a long job, as computed from the list of tensors. */
function Memory({ memory: { mappedBytes, decodedBytes, prepackedBytes } }: { readonly memory: ModelMemory }): React.JSX.Element {
  const opened = decodedBytes > 0 ? `${formatBytes(decodedBytes)} decoded` : `${formatBytes(mappedBytes)} mapped`
  return (
    <p title={`Memory, computed from the list of tensors. ${decodedBytes > 0 ? 'Block-quantised weights are decoded when the model opens.' : 'Mapped weights stay in the file and take no memory of their own.'} ${prepackedBytes === null ? 'Which matrices of an export are copied when a run starts, ONNX Runtime decides as it loads them.' : 'Prepacked copies are made when a run or a prompt starts.'}`}>
      {opened}{prepackedBytes === null ? ', copies up to ONNX Runtime' : `, ${formatBytes(prepackedBytes)} more prepacked`}
    </p>
  )
}

export function ModelDetails({ model }: { readonly model: LoadedModel }): React.JSX.Element {
  const { provider, memory } = model
  const facts: readonly (readonly [term: string, value: string | null])[] = [
    ['Runs on', providerName(provider.name)],
    ['Vocabulary', model.vocab === null ? null : formatCompact(model.vocab)],
    ['Tokenizer', model.tokenizer ?? 'none'],
    ['Longest input', model.maxPositions === null ? null : `${formatCount(model.maxPositions)} tokens`],
    ['Chat template', model.chatTemplate === true ? 'yes' : 'none'],
    ['On disk', formatBytes(model.bytes)],
    ['Mapped', memory && memory.mappedBytes > 0 ? formatBytes(memory.mappedBytes) : null],
    ['Decoded', memory && memory.decodedBytes > 0 ? formatBytes(memory.decodedBytes) : null],
    ['Prepacked', memory && memory.prepackedBytes !== null ? `${formatBytes(memory.prepackedBytes)} in a long job` : 'as ONNX Runtime decides'],
    ['Loaded in', formatDuration(model.openMs / 1000)],
    ['Licence', model.license ?? 'not stated']
  ]
  return (
    <Disclosure label="Details">
      <dl className="Facts">
        {facts.map(([term, value]) => value !== null && <div key={term}><dt>{term}</dt><dd className="selectable tabular">{value}</dd></div>)}
      </dl>
    </Disclosure>
  )
}
