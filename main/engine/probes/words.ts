import { seededRandom } from './random'

/**
 * What a text baseline reads of a word: its form between boundaries, so that prefixes and suffixes differ from what stands inside,
 * and how it is written (capitals, digits), since n-grams are of lower case.
 */
export function wordText(form: string): string {
  const kinds = Array.from(form, character => /\p{Lu}/u.test(character) ? 'upper' : /\p{L}/u.test(character) ? 'lower' : /\p{N}/u.test(character) ? 'digit' : 'other')
  // Runs of three and more of a kind are as two.
  const written = kinds.filter((kind, at) => kind !== kinds[at - 1] || kind !== kinds[at - 2])
  return `‹${form}› written_${written.join('_')}`
}

/**
 * Classes of the control task (Hewitt & Liang 2019, 1909.03368): every word type gets one class, drawn from the distribution of
 * `codes`. The draw depends on the type and the seed alone; a probe can only learn it by remembering types.
 * `forms` and the result have one entry a labelled row.
 */
export function controlTask(forms: readonly string[], codes: Int32Array, classes: number, seed: number): Int32Array {
  const counts = new Float64Array(classes)
  for (const code of codes) counts[code] = (counts[code] as number) + 1
  const drawn = new Map<string, number>()
  return Int32Array.from(forms, form => {
    const known = drawn.get(form)
    if (known !== undefined) return known
    let left = seededRandom(seed ^ hashOf(form))() * codes.length
    let code = 0
    while (code < classes - 1 && (left -= counts[code] as number) >= 0) code++
    drawn.set(form, code)
    return code
  })
}

/** FNV-1a over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
