import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { extractionSchema, readOptionsSchema, textSourceSchema } from '../../../preload/recipe'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'

export const MANIFEST_FILE = 'manifest.json'

/** What a finished activation store holds and where it came from. */
const manifestSchema = z.object({
  format: z.literal('layerscope-activations'),
  version: z.literal(1),
  /** Hash of everything that decides the values. */
  key: z.string(),
  createdAt: z.string(),
  model: z.object({ name: z.string(), path: z.string(), hash: z.string(), family: z.string() }),
  dataset: z.object({ name: z.string(), path: z.string(), hash: z.string(), read: readOptionsSchema }),
  text: textSourceSchema,
  /** Column of `rows.parquet` with the text as the model read it. */
  textColumn: z.string(),
  plan: extractionSchema,
  /** Depth order. */
  sites: z.array(z.object({ name: z.string(), width: z.int().positive(), layer: z.int(), kind: z.string(), file: z.string() })),
  extraction: z.object({
    rows: z.int(), tokens: z.int(), paddedTokens: z.int(), computedTokens: z.int().optional(), seconds: z.number(), rowsPerSecond: z.number(),
    sites: z.array(z.object({ name: z.string(), width: z.int() })),
    skipped: z.array(z.object({ row: z.int(), reason: z.string() })),
    truncated: z.int(), readAt: z.object({ token: z.string(), share: z.number() }).optional(), resumedRows: z.int(), provider: z.string()
  })
})
export type Manifest = z.infer<typeof manifestSchema>

/**
 * The manifest of a store, null where there is none yet.
 * @throws LayerscopeError `manifest-newer`, `manifest-unreadable`
 */
export async function readManifest(folder: string): Promise<Manifest | null> {
  const file = join(folder, MANIFEST_FILE)
  const content = await readFile(file, 'utf8').catch(() => null)
  if (content === null) return null
  let json: unknown
  try {
    json = JSON.parse(content)
  } catch (cause) {
    throw new LayerscopeError({ code: 'manifest-unreadable', message: 'The manifest is not JSON.', file, hint: 'Extract into a new folder.' }, { cause })
  }
  const version = z.object({ format: z.literal('layerscope-activations'), version: z.int() }).safeParse(json)
  if (version.success && version.data.version > 1) {
    throw new LayerscopeError({ code: 'manifest-newer', message: 'These activations were made by a newer Layerscope.', file, hint: 'Update Layerscope to open them.' })
  }
  const manifest = manifestSchema.safeParse(json)
  if (!manifest.success) {
    throw new LayerscopeError({ code: 'manifest-unreadable', message: `The manifest is damaged: ${z.prettifyError(manifest.error)}`, file, hint: 'Extract into a new folder.' })
  }
  return manifest.data
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFileAtomically(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
}
