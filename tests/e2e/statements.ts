import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const resource = (path: string): string => fileURLToPath(new URL(`../../resources/${path}`, import.meta.url))

/** Bundled models: a person's own would be somewhere on their disk. */
export const atlasModel = resource('models/atlas-lm')
export const minilmModel = resource('models/minilm')

/** A fresh folder with a space in its name, as people have them; gone with `remove`. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'layerscope walk '))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

const places = ['Paris', 'Lagos', 'Quito', 'Oslo', 'Lima', 'Cairo', 'Hanoi', 'Dublin', 'Accra', 'Sofia', 'Dakar', 'Seoul']
const countries = ['France', 'Nigeria', 'Ecuador', 'Norway', 'Peru', 'Egypt', 'Vietnam', 'Ireland', 'Ghana', 'Bulgaria', 'Senegal', 'South Korea']

/**
 * A CSV of true and false statements, one pair a place and round: `statement,label,place`.
 * The first statement holds markup, which must stay text.
 */
export async function writeStatements(file: string, rounds: number): Promise<void> {
  const lines = ['statement,label,place']
  for (let round = 0; round < rounds; round++) {
    places.forEach((place, i) => {
      const group = `${place} ${round}`
      const other = countries[(i + 1 + (round % (countries.length - 1))) % countries.length]
      const prefix = round === 0 && i === 0 ? '<img src=x onerror=window.injected=true> ' : ''
      lines.push(`${prefix}${place} is a city in ${countries[i]} (${round}).,1,${group}`, `${place} is a city in ${other} (${round}).,0,${group}`)
    })
  }
  await writeFile(file, `${lines.join('\n')}\n`)
}
