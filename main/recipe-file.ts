import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { RecipeFile } from '../preload/bridge'
import { recipeSchema } from '../preload/recipe'

/** No recipe comes near this; a larger file is something else. */
const largestRecipe = 4_000_000

/** Reads a recipe; its model and dataset paths come back absolute. */
export async function readRecipe(file: string): Promise<RecipeFile> {
  let content: unknown
  try {
    if ((await stat(file)).size > largestRecipe) return refused(file, 'This file is too large to be a recipe.')
    content = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    return refused(file, error instanceof SyntaxError ? 'This recipe is not valid JSON.' : 'This recipe cannot be read.')
  }
  const parsed = recipeSchema.safeParse(content)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.')
    return {
      ok: false,
      error: { code: 'recipe-invalid', message: `This recipe cannot be used: ${issue?.message ?? 'it has another shape'}.`, file, ...(field ? { field } : {}) }
    }
  }
  const at = (path: string): string => resolve(dirname(file), path)
  const { model, dataset } = parsed.data
  return { ok: true, recipe: { ...parsed.data, model: { ...model, path: at(model.path) }, dataset: { ...dataset, path: at(dataset.path) } } }
}

function refused(file: string, message: string): RecipeFile {
  return { ok: false, error: { code: 'recipe-unreadable', message, file, hint: 'Save a recipe from a session to see what one looks like.' } }
}
