import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Sample } from '../preload/bridge'
import { readRecipe } from './recipe-file'

const sampleSchema = z.object({
  id: z.string().min(1),
  title: z.string().min(1),
  description: z.string(),
  question: z.string(),
  order: z.number()
})

/**
 * The bundled samples, in their order: each a folder of `root` with `sample.json` and `recipe.json`.
 * One that is incomplete is left out and named on stderr.
 */
export async function readSamples(root: string): Promise<readonly Sample[]> {
  const folders = await readdir(root, { withFileTypes: true }).catch(() => [])
  const found = await Promise.all(folders.filter((entry) => entry.isDirectory()).map((entry) => readSample(join(root, entry.name))))
  return found.filter((sample) => sample !== null).sort((a, b) => a.order - b.order)
}

async function readSample(folder: string): Promise<(Sample & { readonly order: number }) | null> {
  try {
    const parsed = sampleSchema.safeParse(JSON.parse(await readFile(join(folder, 'sample.json'), 'utf8')))
    if (!parsed.success) throw new Error(`sample.json: ${parsed.error.issues.map(({ path }) => path.join('.')).join(', ')} missing or of another kind`)
    const about = parsed.data
    const recipePath = join(folder, 'recipe.json')
    const file = await readRecipe(recipePath)
    if (!file.ok) throw new Error(file.error.message)
    return { ...about, recipePath, modelPath: file.recipe.model.path, datasetPath: file.recipe.dataset.path }
  } catch (error) {
    console.error(`Sample ${folder} is left out:`, error instanceof Error ? error.message : error)
    return null
  }
}
