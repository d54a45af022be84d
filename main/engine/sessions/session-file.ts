import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { columnRolesSchema, extractionSchema, probePlanSchema, projectionPlanSchema, readOptionsSchema } from '../../../preload/recipe'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'

export const SESSION_FILE = 'session.json'
/** Version this program writes; it refuses higher ones. */
const VERSION = 1

const referenceSchema = z.object({
  /** Absolute, where it was last seen. */
  path: z.string().min(1),
  /** From the session's folder; a session that travels together with its files finds them by it. Null across disks. */
  relativePath: z.string().nullable(),
  name: z.string(),
  hash: z.string()
})

const sessionFileSchema = z.object({
  format: z.literal('layerscope-session'),
  version: z.literal(VERSION),
  savedAt: z.string(),
  model: referenceSchema.nullable(),
  dataset: referenceSchema.extend({ read: readOptionsSchema }).nullable(),
  roles: columnRolesSchema.nullable(),
  extraction: extractionSchema,
  probe: probePlanSchema,
  projection: projectionPlanSchema,
  view: z.record(z.string(), z.unknown()).nullable(),
  /** Folders below `runs/`, oldest first. */
  runs: z.array(z.string().regex(/^[A-Za-z0-9._-]+$/).refine(name => !/^\.+$/.test(name)))
})

/** What `session.json` holds: everything asked of the session, and which runs it has. */
export type SessionFile = z.infer<typeof sessionFileSchema>

/** A session in which nothing has been chosen. */
export function emptySession(): SessionFile {
  return {
    format: 'layerscope-session', version: VERSION, savedAt: new Date().toISOString(), model: null, dataset: null, roles: null,
    extraction: extractionSchema.parse({}), probe: probePlanSchema.parse({}), projection: projectionPlanSchema.parse({}), view: null, runs: []
  }
}

/** @throws LayerscopeError `session-missing`, `session-newer`, `session-damaged` */
export async function readSessionFile(folder: string): Promise<SessionFile> {
  const file = join(folder, SESSION_FILE)
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new LayerscopeError({ code: 'session-missing', message: 'This folder is not a Layerscope session: it has no session.json.', file: folder, hint: 'Choose a folder whose name ends in .layerscope.' }, { cause })
  })
  const damaged = (what: string): LayerscopeError => new LayerscopeError({
    code: 'session-damaged', message: `The session file is damaged: ${what}`, file,
    hint: 'The results in its runs folder are intact; the recipe can be run again from there.'
  })
  let json: unknown
  try {
    json = JSON.parse(content)
  } catch {
    throw damaged('it is not JSON.')
  }
  const head = z.object({ format: z.literal('layerscope-session'), version: z.int() }).safeParse(json)
  if (!head.success) throw damaged('it does not say that it is a session.')
  if (head.data.version > VERSION) {
    throw new LayerscopeError({ code: 'session-newer', message: 'This session was made by a newer Layerscope.', file, hint: 'Update Layerscope to open it.' })
  }
  const parsed = sessionFileSchema.safeParse(json)
  if (!parsed.success) throw damaged(z.prettifyError(parsed.error))
  return parsed.data
}

export async function writeSessionFile(folder: string, session: SessionFile): Promise<void> {
  await writeFileAtomically(join(folder, SESSION_FILE), `${JSON.stringify({ ...session, savedAt: new Date().toISOString() }, null, 2)}\n`)
}
