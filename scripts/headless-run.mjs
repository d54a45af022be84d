import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RemediableError } from './remedy.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Recipe of a sample that comes with Layerscope. */
export const sampleRecipe = (/** @type {string} */ id) => join(root, 'resources', 'samples', id, 'recipe.json')

/**
 * Runs the recipe that the window would have run, on plain Node: the command line prints the layer table,
 * writes the session folder with its figures and tells their paths. A session that is there already is taken up.
 * @param {{ sample: string | null, open: string | null, out: string | null }} options
 * @param {(line: string) => void} log
 * @returns {Promise<number>} exit code of the command line
 * @throws {RemediableError}
 */
export async function runHeadless({ sample, open, out }, log) {
  if (open !== null && !open.endsWith('.json')) {
    throw new RemediableError(`${open} needs the window to be opened in.`, 'Without one: npx layerscope info MODEL, npx layerscope extract MODEL DATA …, npx layerscope run RECIPE.json (npx layerscope --help).')
  }
  const id = sample ?? 'atlas-truth'
  const recipe = open ?? sampleRecipe(id)
  if (!existsSync(recipe)) {
    throw new RemediableError(`There is no recipe at ${recipe}.`, open === null ? 'The samples are the folders of resources/samples: name one with --sample=ID.' : 'Check the path.')
  }
  const name = open === null ? id : basename(open, '.json').replace(/\.recipe$/, '')
  const session = out ?? resolve(process.env['INIT_CWD'] ?? process.cwd(), `${name}.layerscope`)
  log(open === null ? `Running the sample ${id}.` : `Running ${recipe}.`)
  const child = spawn(process.execPath, [join(root, 'out', 'main', 'cli.js'), 'run', recipe, '--out', session], { stdio: 'inherit' })
  // Ctrl+C reaches the run too, which keeps what it has done.
  process.on('SIGINT', () => {})
  return new Promise((done, reject) => {
    child.on('error', reject)
    child.on('close', (code) => done(code ?? 1))
  })
}
