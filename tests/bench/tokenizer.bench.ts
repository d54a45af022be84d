import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { loadTokenizer } from '../../main/engine/models/tokenizer'

export const title = 'Tokenizer: ids and character offsets, against @huggingface/tokenizers (ids alone)'

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Encodes the statements of cities.csv again and again, new caches for both sides. */
export async function bench(print: (line: string) => void): Promise<void> {
  const data = join(shared, 'data/truth/cities.csv')
  if (!existsSync(data)) {
    print('Skipped: ../shared is absent.')
    return
  }
  const lines = readFileSync(data, 'utf8').trim().split('\n').slice(1).map((line) => line.replace(/,[^,]*,[^,]*,[^,]*$/, ''))
  for (const model of ['minilm', 'atlas-lm']) {
    const folder = join(shared, 'models', model)
    const ours = await loadTokenizer(folder)
    if (ours === null) continue
    const read = (name: string): object => JSON.parse(readFileSync(join(folder, name), 'utf8')) as object
    const library = new LibraryTokenizer(read('tokenizer.json'), read('tokenizer_config.json'))
    let tokens = 0
    const ourRate = rate(lines, (line) => { tokens += ours.encode(line).offsets.length / 2 })
    const libraryRate = rate(lines, (line) => { tokens += library.encode(line).ids.length })
    print(`${model}: ours ${Math.round(ourRate)} lines/s with offsets, library ${Math.round(libraryRate)} lines/s without, ratio ${(ourRate / libraryRate).toFixed(2)} (${tokens} tokens)`)
  }
}

function rate(lines: readonly string[], encode: (line: string) => void): number {
  const passes = 10
  const start = performance.now()
  for (let pass = 0; pass < passes; pass++) for (const line of lines) encode(line)
  return (passes * lines.length) / ((performance.now() - start) / 1000)
}
