/**
 * Other positions of a run's texts, in the run's folder `positions`: a folder each, laid out as that of `layerscope probe`
 * (activations, `probe.json`, `sweep.json`, held-out values, probes), and `positions.json`, which names those that were asked for.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ErrorReport } from '../../../preload/contract'
import { writePositions } from '../../../preload/positions'
import { positionsSchema, type Positions } from '../../../preload/recipe'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'
import { errorReportSchema } from './error-report-schema'

const LIST_FILE = 'positions.json'

const listSchema = z.object({
  format: z.literal('layerscope-positions'), version: z.literal(1),
  positions: z.array(z.object({ positions: positionsSchema, error: errorReportSchema.nullable() }))
})

/** A position that was asked for; `error` says why its probes could not be trained. */
export interface AskedPosition { readonly positions: Positions; readonly error: ErrorReport | null }

export function positionsFolder(run: string): string {
  return join(run, 'positions')
}

/** The short form, with a hash where it is no name that every file system takes. */
export function positionFolder(run: string, positions: Positions): string {
  const name = writePositions(positions)
  const plain = name.replace(/[^A-Za-z0-9._+-]/g, '_').slice(0, 80)
  return join(positionsFolder(run), plain === name ? name : `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`)
}

/** What was asked for so far. @throws LayerscopeError `positions-damaged` */
export async function askedPositions(run: string): Promise<readonly AskedPosition[]> {
  const file = join(positionsFolder(run), LIST_FILE)
  const content = await readFile(file, 'utf8').catch(() => null)
  if (content === null) return []
  try {
    return listSchema.parse(JSON.parse(content)).positions
  } catch (cause) {
    throw new LayerscopeError({ code: 'positions-damaged', message: 'The list of positions that were read cannot be read.', file, hint: 'Delete the file and read the positions again.' }, { cause })
  }
}

export async function keepAskedPositions(run: string, positions: readonly AskedPosition[]): Promise<void> {
  await writeFileAtomically(join(positionsFolder(run), LIST_FILE), `${JSON.stringify({ format: 'layerscope-positions', version: 1, positions }, null, 2)}\n`)
}
