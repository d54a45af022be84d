import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadTokenizer } from '../../../main/engine/models/tokenizer'

// Made by tests/fixtures/tokenizer-offsets.py from the `tokenizers` library of Hugging Face.
interface Expected { readonly ids: readonly number[]; readonly offsets: readonly number[]; readonly decoded: string }
interface Fixture {
  readonly texts: readonly string[]
  readonly tokenizers: Readonly<Record<string, { readonly same?: string; readonly encodings?: readonly Expected[] }>>
}

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const shared = fileURLToPath(new URL('../../../../shared/', import.meta.url))
const fixture = JSON.parse(readFileSync(join(fixtures, 'tokenizer-offsets.json'), 'utf8')) as Fixture

for (const [name, entry] of Object.entries(fixture.tokenizers)) {
  const folder = name.startsWith('trained/') ? join(fixtures, 'tokenizers', name.slice('trained/'.length)) : join(shared, name)
  const there = existsSync(join(folder, 'tokenizer.json'))
  if (!there) console.log(`Skipped: ${name} is not here (../shared is absent).`)
  describe.skipIf(!there)(`tokenizer ${name}`, () => {
    const expected = entry.encodings ?? fixture.tokenizers[entry.same ?? '']?.encodings ?? []

    it('has the ids and character offsets of Hugging Face for every text', async () => {
      const tokenizer = await loadTokenizer(folder)
      expect(expected.length).toBe(fixture.texts.length)
      fixture.texts.forEach((text, index) => {
        const encoding = tokenizer?.encode(text)
        expect(encoding?.truncated, text).toBe(0)
        expect(Array.from(encoding?.ids ?? []), `ids of ${JSON.stringify(text)}`).toEqual(expected[index]?.ids)
        expect(Array.from(encoding?.offsets ?? []), `offsets of ${JSON.stringify(text)}`).toEqual(expected[index]?.offsets)
      })
    })

    it('decodes as Hugging Face does', async () => {
      const tokenizer = await loadTokenizer(folder)
      for (const [index, encoding] of expected.entries()) {
        expect(tokenizer?.decode(encoding.ids), JSON.stringify(fixture.texts[index])).toBe(encoding.decoded)
      }
    })
  })
}
