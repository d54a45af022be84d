import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { z } from 'zod'
import { recipeSchema, type Recipe } from '../../../preload/recipe'
import { writeFileAtomically } from '../atomic-file'
import { LayerscopeError } from '../errors'

const MOST_BYTES = 4_000_000

/**
 * Reads and validates a recipe; model and dataset paths come back absolute.
 * @throws LayerscopeError `recipe-unreadable`, `recipe-newer`, `recipe-invalid`
 */
export async function readRecipe(file: string): Promise<Recipe> {
  const unreadable = (message: string): LayerscopeError => new LayerscopeError({ code: 'recipe-unreadable', message, file, hint: 'Save a recipe from a session to see what one looks like.' })
  let json: unknown
  try {
    if ((await stat(file)).size > MOST_BYTES) throw unreadable('The file is too large to be a recipe.')
    json = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if (error instanceof LayerscopeError) throw error
    throw unreadable(error instanceof SyntaxError ? 'The recipe is not valid JSON.' : 'The recipe cannot be read.')
  }
  const head = z.object({ version: z.int() }).safeParse(json)
  if (head.success && head.data.version > 1) {
    throw new LayerscopeError({ code: 'recipe-newer', message: 'The recipe was made by a newer Layerscope.', file, hint: 'Update Layerscope to run it.' })
  }
  const parsed = recipeSchema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') ?? ''
    throw new LayerscopeError({ code: 'recipe-invalid', message: `The recipe cannot be used: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'it has another shape'}.`, file, ...(field === '' ? {} : { field }) })
  }
  const at = (path: string): string => resolve(dirname(file), path)
  const { model, dataset } = parsed.data
  return { ...parsed.data, model: { ...model, path: at(model.path) }, dataset: { ...dataset, path: at(dataset.path) } }
}

/** Writes a recipe whose paths are absolute; they are stored relative to the file where it lies on the same disk. */
export async function writeRecipe(file: string, recipe: Recipe): Promise<void> {
  const folder = await realpath(dirname(file))
  const from = async (path: string): Promise<string> => portablePath(folder, await realpath(path).catch(() => path)) ?? path
  const portable = {
    ...recipe,
    model: { ...recipe.model, path: await from(recipe.model.path) },
    dataset: { ...recipe.dataset, path: await from(recipe.dataset.path) }
  }
  await writeFileAtomically(file, `${JSON.stringify(portable, null, 2)}\n`)
}

/** `path` as seen from `folder`, with forward slashes; null where only an absolute path leads there. */
export function portablePath(folder: string, path: string): string | null {
  const way = relative(folder, path)
  return way === '' || isAbsolute(way) ? null : way.split(sep).join('/')
}
