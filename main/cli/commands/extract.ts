import { extract as extractActivations } from '../../engine/activations/index'
import { openDataset, type OpenDataset } from '../../engine/datasets/index'
import { LayerscopeError } from '../../engine/errors'
import { openModel } from '../../engine/models/index'
import type { Positions, TextSource } from '../../../preload/recipe'
import { extractionSchema } from '../../../preload/recipe'
import { leftOut } from '../dataset-problems'
import { matchStorableSites } from '../sites'
import { duration, printable, table, type Terminal } from '../terminal'

export interface ExtractOptions {
  readonly text?: string
  readonly template?: string
  /** The dataset's suggestion when left out, else the last token. */
  readonly positions?: Positions
  readonly rows?: 'words' | 'sentences'
  readonly sites?: string
  readonly dtype: 'f32' | 'f16'
  readonly provider: string
  readonly batchTokens?: number
  readonly limit?: number
  readonly out: string
}

/** Skipped rows that are printed one by one. */
const SKIPPED_SHOWN = 10

/** Streams activations of a dataset's texts to a folder; goes on where an earlier call stopped. */
export async function extract(modelPath: string, dataPath: string, options: ExtractOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const dataset = await openDataset(dataPath, options.rows === undefined ? {} : { rows: options.rows })
  try {
    const text = textSource(options, dataset)
    const unread = leftOut(dataset)
    if (unread !== null) terminal.warn(unread)
    const model = await openModel(modelPath, { provider: options.provider, signal, onStage(stage) { terminal.stage(stage) } })
    try {
      if (model.provider.note !== null) terminal.warn(model.provider.note)
      const plan = extractionSchema.parse({
        positions: options.positions ?? dataset.summary.suggestedPositions ?? { kind: 'last' }, dtype: options.dtype, provider: options.provider,
        sites: options.sites === undefined ? null : matchStorableSites(model.sites, options.sites),
        batchTokens: options.batchTokens ?? null, limit: options.limit ?? null
      })
      const { rows, tokens, paddedTokens, computedTokens, seconds, rowsPerSecond, sites, skipped, truncated, resumedRows, provider } = await extractActivations({
        model, dataset, text, plan, folder: options.out, signal,
        onStage(stage) { terminal.stage(`${stage}…`) },
        onProgress(progress) { terminal.progress(progressLine(progress)) }
      })
      if (truncated > 0) terminal.warn(`${truncated} texts are longer than the model reads and were cut.`)
      terminal.result({ rows, tokens, seconds, rowsPerSecond, sites, skipped, paddedTokens, computedTokens, truncated, resumedRows, provider, problems: dataset.summary.problems, problemCount: dataset.summary.problemCount, out: options.out })
      terminal.print(`${rows} rows (${tokens} tokens) at ${sites.length} sites in ${duration(seconds)}, ${rowsPerSecond.toFixed(0)} rows/s${resumedRows === 0 ? '' : `; ${resumedRows} rows were there already`}`)
      terminal.print(table(['site', 'width'], sites.map(({ name, width }) => [name, String(width)]), 'lr'))
      for (const { row, reason } of skipped.slice(0, SKIPPED_SHOWN)) terminal.print(`skipped row ${row + 1}: ${printable(reason)}`)
      if (skipped.length > SKIPPED_SHOWN) terminal.print(`… and ${skipped.length - SKIPPED_SHOWN} more skipped rows`)
      terminal.print(options.out)
    } finally {
      await model.close()
    }
  } finally {
    await dataset.close()
  }
}

/** What was asked for; a treebank's texts are known. */
function textSource({ text, template }: ExtractOptions, { summary }: OpenDataset): TextSource {
  if (template !== undefined) return { kind: 'template', template }
  if (text !== undefined) return { kind: 'column', column: text }
  if (summary.format === 'conllu') return { kind: 'column', column: 'text' }
  throw new LayerscopeError({ code: 'arguments-invalid', message: 'extract needs either --text or --template.', hint: 'See layerscope COMMAND --help.' })
}

/** `812 of 1496 rows, 310 rows/s, 2.2 s left`. */
export function progressLine({ done, total, rowsPerSecond, secondsLeft }: { readonly done: number; readonly total: number; readonly rowsPerSecond: number; readonly secondsLeft: number | null }): string {
  return `${done} of ${total} rows${rowsPerSecond > 0 ? `, ${rowsPerSecond.toFixed(0)} rows/s` : ''}${secondsLeft === null || done === total ? '' : `, ${duration(secondsLeft)} left`}`
}
