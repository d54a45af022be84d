import { useEffect } from 'react'
import { formatBytes, formatClock, formatCount, formatQuantity } from '../components'
import { providerName, stageName } from '../run'
import { useMemory, watchMemory } from '../state/memory'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import type { WorkbenchState } from '../state/workbench-state'
import './StatusBar.css'

const engineSays: Readonly<Partial<Record<WorkbenchState['engine'], string>>> = { starting: 'Starting', restarting: 'Engine is starting again', failed: 'Engine has stopped' }

/** Steps in which memory is shown: the last megabytes come and go. */
const memoryStep = 10_000_000

/** Where a model's weights are now, in words. */
const weights = {
  mapped: { says: 'weights mapped', title: 'The weights stay in the file, where the system reads them as they are used. A run or a prompt copies them into memory.' },
  decoded: { says: 'weights in memory', title: 'The quantised weights were decoded into memory when the model opened.' },
  copied: { says: 'weights in memory', title: 'Copied into memory for a run or a prompt, in the layout that multiplies fastest. They stay until the model is closed.' }
} as const

/** What the engine takes, and whether the model's weights are only mapped or take memory. */
function Memory(): React.JSX.Element | null {
  const memory = useMemory(({ memory }) => memory)
  const model = useWorkbench(({ model }) => (model.kind === 'ready' ? model.value : null))
  useEffect(watchMemory, [])
  if (memory === null) return null
  const { says, title } = weights[model && memory.prepacked.includes(model.modelId) ? 'copied' : model?.memory && model.memory.decodedBytes > 0 ? 'decoded' : 'mapped']
  return (
    <>
      <span className="StatusBar-memory" title="Memory of the engine’s process, shared pages included">{formatBytes(Math.ceil(memory.residentBytes / memoryStep) * memoryStep)}</span>
      {model && <span title={title}>{says}</span>}
    </>
  )
}

/** One quiet line: what computes, what is selected, how far the run is. */
export function StatusBar(): React.JSX.Element {
  const engine = useWorkbench(({ engine }) => engine)
  const provider = useWorkbench(({ extraction }) => extraction.provider)
  const dataset = useWorkbench(({ dataset }) => (dataset.kind === 'ready' ? dataset.value.rows : null))
  const extraction = useWorkbench(({ run }) => run?.extraction ?? null)
  const progress = useWorkbench(({ run }) => run?.progress ?? null)
  const selected = useView(({ selection }) => selection.length)
  return (
    <footer className="StatusBar tabular">
      <span data-engine={engine}><i aria-hidden />{engineSays[engine] ?? providerName(extraction?.provider ?? provider)}</span>
      <Memory />
      {dataset !== null && <span>{formatQuantity(dataset, 'row')}{selected > 0 && `, ${formatCount(selected)} selected`}</span>}
      <span className="StatusBar-space" />
      {progress
        ? (
          <>
            <span>{stageName(progress.stage)}{progress.total > 0 && ` ${formatCount(progress.done)}/${formatCount(progress.total)}`}</span>
            {progress.rowsPerSecond !== null && <span>{formatCount(progress.rowsPerSecond)} rows/s</span>}
            {progress.secondsLeft !== null && <span>{formatClock(progress.secondsLeft)} left</span>}
          </>
        )
        : extraction && <span>{formatQuantity(extraction.rows, 'row')} read at {formatCount(extraction.rowsPerSecond)} rows/s</span>}
    </footer>
  )
}
