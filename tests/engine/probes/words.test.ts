import { describe, expect, it } from 'vitest'
import type { ClassifiedSite } from '../../../preload/contract'
import { sweep, type SweepInput } from '../../../main/engine/probes'
import { seededRandom } from '../../../main/engine/probes/random'
import { controlTask, wordText } from '../../../main/engine/probes/words'

const tags = ['DET', 'NOUN', 'VERB']
const types = 60
const rows = 1200
const columns = 64

/** Words of `types` types, the tag of a type being its number modulo 3; 6 words a sentence. `features` fills one row. */
function words(features: (type: number, tag: number, into: Float32Array, random: () => number) => void): SweepInput & { readonly words: readonly string[] } {
  const random = seededRandom(3)
  const of = Int32Array.from({ length: rows }, () => Math.floor(random() * types))
  const values = new Float32Array(rows * columns)
  of.forEach((type, row) => { features(type, type % 3, values.subarray(row * columns, (row + 1) * columns), random) })
  return {
    texts: Array.from(of, (_, row) => `sentence ${Math.floor(row / 6)}`), words: Array.from(of, type => `w${type}x`),
    labels: Array.from(of, type => tags[type % 3] as string), groups: Array.from(of, (_, row) => `s${Math.floor(row / 6)}`), test: null,
    sites: ['blocks.0.hook_resid_post'], readSite: () => Promise.resolve({ data: Float32Array.from(values), rows, columns })
  }
}

async function selectivityOf(input: SweepInput): Promise<{ readonly accuracy: number; readonly control: number; readonly selectivity: number; readonly site: ClassifiedSite }> {
  const { summary } = await sweep(input, { task: 'classes', methods: ['logistic'], split: 'folds', folds: 5, strengths: 4, seed: 0 }, { onSite: () => undefined })
  const site = summary.sites[0] as ClassifiedSite
  return {
    site, accuracy: site.metrics.accuracy, selectivity: site.measures.find(({ name }) => name === 'selectivity')?.value ?? NaN,
    control: site.measures[0]?.baselines.find(({ name }) => name === 'controlTask')?.value ?? NaN
  }
}

describe('control task', () => {
  const codes = Int32Array.from({ length: 4000 }, (_, row) => row % 10 < 6 ? 0 : row % 10 < 9 ? 1 : 2)
  const forms = Array.from(codes, (_, row) => `type ${row % 1000}`)

  it('depends on the word type and the seed alone', () => {
    const control = controlTask(forms, codes, 3, 0)
    forms.forEach((form, row) => { expect(control[row]).toBe(control[forms.indexOf(form)]) })
    const reversed = controlTask([...forms].reverse(), Int32Array.from(codes).reverse(), 3, 0)
    expect([...reversed].reverse()).toEqual([...control])
    expect([...controlTask(forms, codes, 3, 1)]).not.toEqual([...control])
  })

  it('draws classes as often as they occur', () => {
    const control = controlTask(forms, codes, 3, 0).subarray(0, 1000)
    const shares = [0, 1, 2].map(c => control.filter(code => code === c).length / 1000)
    // Three standard errors of 1,000 draws.
    expect(Math.abs((shares[0] as number) - 0.6)).toBeLessThan(0.047)
    expect(Math.abs((shares[1] as number) - 0.3)).toBeLessThan(0.044)
    expect(Math.abs((shares[2] as number) - 0.1)).toBeLessThan(0.029)
  })
})

describe('selectivity', () => {
  it('is near zero where features say nothing', async () => {
    const { selectivity, site } = await selectivityOf(words((_, __, into, random) => { into.forEach((_, i) => { into[i] = random() - 0.5 }) }))
    expect(selectivity).toBeLessThan(0.1)
    expect(site.measures.find(({ name }) => name === 'selectivity')?.interval?.lo).toBeLessThan(selectivity)
  })

  it('is low where features name the type, and high where they name the tag', async () => {
    const byType = await selectivityOf(words((type, _, into) => { into[type] = 1 }))
    expect(byType.accuracy).toBeGreaterThan(0.98)
    expect(byType.control).toBeGreaterThan(0.98)
    expect(Math.abs(byType.selectivity)).toBeLessThan(0.02)
    const byTag = await selectivityOf(words((_, tag, into, random) => { into.forEach((_, i) => { into[i] = (i === tag ? 2 : 0) + 0.1 * (random() - 0.5) }) }))
    expect(byTag.accuracy).toBeGreaterThan(0.98)
    expect(byTag.selectivity).toBeGreaterThan(0.3)
    expect(byTag.selectivity).toBeCloseTo(byTag.accuracy - byTag.control, 12)
  })

  it('is not offered where rows are texts', async () => {
    const { words: _, ...input } = words((type, __, into) => { into[type] = 1 })
    const { site } = await selectivityOf(input)
    expect(site.measures.map(({ name }) => name)).not.toContain('selectivity')
    expect(site.measures[0]?.baselines.map(({ name }) => name)).not.toContain('controlTask')
  })
})

describe('words in a sweep', () => {
  it('are read by the text baseline instead of their sentence', async () => {
    const input = words((type, _, into) => { into[type] = 1 })
    expect((await selectivityOf(input)).site.controls.textOnly).toBeGreaterThan(0.95)
    const { words: _, ...sentences } = input
    expect((await selectivityOf(sentences)).site.controls.textOnly).toBeLessThan(0.5)
  })

  it('stay in one fold with those of an equal sentence under another name', async () => {
    const input = words((type, _, into) => { into[type] = 1 })
    const texts = Array.from({ length: rows }, (_, row) => `sentence ${Math.floor(row / 6) % 100}`)
    const { fold } = await sweep({ ...input, texts }, { task: 'classes', methods: ['nearest-centroid'], split: 'folds', folds: 5, strengths: 1, seed: 0 }, { onSite: () => undefined })
    fold.subarray(0, 600).forEach((own, row) => { expect(fold[row + 600]).toBe(own) })
  })

  it('show capitals and boundaries to n-grams of lower case', () => {
    expect(wordText('From')).toBe('‹From› written_upper_lower_lower')
    expect(wordText('from')).toBe('‹from› written_lower_lower')
    expect(wordText('B-52')).toBe('‹B-52› written_upper_other_digit_digit')
  })
})
