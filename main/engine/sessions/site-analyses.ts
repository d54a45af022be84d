/**
 * What was computed of a site of a finished run after its sweep, one JSON file a site and question in the run's folder `analyses`:
 * asked again it is there, and cards and reports state it.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { CodeLength, Erasure } from '../../../preload/contract'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'

const ANALYSES = 'analyses'

const envelope = z.object({ format: z.literal('layerscope-analysis'), version: z.literal(1), result: z.unknown() })

const onlineCode = z.object({ bits: z.number(), compression: z.number(), strength: z.number(), blocks: z.array(z.number()) })
const accuracy = { accuracy: z.number(), interval: z.object({ lo: z.number(), hi: z.number() }) }
const erasedScore = z.object({ directions: z.number(), ...accuracy, variance: z.number() })
const schemas: { readonly [K in SiteAnalysis]: z.ZodType<SiteAnalyses[K]> } = {
  'code-length': z.object({
    site: z.string(), rows: z.int(), classes: z.int(), ends: z.array(z.int()), uniform: z.number(), naming: z.number(),
    labels: onlineCode, shuffled: onlineCode, controlTask: onlineCode.nullable(), seconds: z.number()
  }),
  erasure: z.object({
    site: z.string(), rows: z.int(), majority: z.number(), before: z.object(accuracy), leace: erasedScore, inlp: z.array(erasedScore), reached: z.boolean(),
    shuffled: z.object({ leace: erasedScore, inlp: erasedScore }), seconds: z.number()
  })
}

/** Results by the question they answer. */
export interface SiteAnalyses {
  readonly 'code-length': CodeLength
  readonly erasure: Erasure
}
export type SiteAnalysis = keyof SiteAnalyses

function fileOf(folder: string, kind: SiteAnalysis, site: string): string {
  const hash = createHash('sha256').update(site).digest('hex').slice(0, 8)
  return join(folder, ANALYSES, `${site.replace(/[^A-Za-z0-9._-]/g, '_')}-${hash}.${kind}.json`)
}

/** Keeps a result in the folder of its run, in place of an earlier one. */
export async function keepAnalysis<K extends SiteAnalysis>(folder: string, kind: K, result: SiteAnalyses[K]): Promise<void> {
  await mkdir(join(folder, ANALYSES), { recursive: true })
  await writeFileAtomically(fileOf(folder, kind, result.site), `${JSON.stringify({ format: 'layerscope-analysis', version: 1, kind, result }, null, 2)}\n`)
}

/** The kept result; null where the question was not asked of this site yet. @throws LayerscopeError `analysis-damaged` */
export async function keptAnalysis<K extends SiteAnalysis>(folder: string, kind: K, site: string): Promise<SiteAnalyses[K] | null> {
  const file = fileOf(folder, kind, site)
  const content = await readFile(file, 'utf8').catch(() => null)
  if (content === null) return null
  try {
    return schemas[kind].parse(envelope.parse(JSON.parse(content)).result)
  } catch (cause) {
    throw new LayerscopeError({ code: 'analysis-damaged', message: 'A kept result of this site cannot be read.', file, hint: 'Delete the file and compute it again.' }, { cause })
  }
}

/** Forgets what was computed of the probes that stood in this folder before. */
export async function discardAnalyses(folder: string): Promise<void> {
  await rm(join(folder, ANALYSES), { recursive: true, force: true })
}
