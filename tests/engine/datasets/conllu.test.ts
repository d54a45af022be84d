import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openDataset, type OpenDataset } from '../../../main/engine/datasets/index'
import type { ColumnRoles, ReadOptions } from '../../../preload/recipe'
import { sharedFile } from '../probes/shared-files'
import { smallTreebank } from '../../small-treebank'
import { temporaryFolder } from './folder'

const folder = temporaryFolder()

const word = (id: string, form: string, head: string, rest: { readonly upos?: string; readonly deprel?: string; readonly feats?: string; readonly misc?: string } = {}): string =>
  [id, form, form.toLowerCase(), rest.upos ?? 'NOUN', '_', rest.feats ?? '_', head, rest.deprel ?? 'dep', '_', rest.misc ?? '_'].join('\t')

const didNot = [
  '# sent_id = first', '# text = We didn\'t  see du pain.',
  word('1', 'We', '4', { upos: 'PRON', deprel: 'nsubj', feats: 'Case=Nom|Number=Plur' }),
  `2-3\tdidn't${'\t_'.repeat(8)}`,
  word('2', 'did', '4', { upos: 'AUX', deprel: 'aux', feats: 'Tense=Past|VerbForm=Fin' }), word('3', 'n\'t', '4', { upos: 'PART' }),
  word('4', 'see', '0', { upos: 'VERB', deprel: 'root', feats: 'VerbForm=Inf' }),
  `4.1\tghost${'\t_'.repeat(8)}`,
  `5-6\tdu${'\t_'.repeat(8)}`,
  word('5', 'de', '7', { upos: 'ADP' }), word('6', 'le', '7', { upos: 'DET' }),
  word('7', 'pain', '4', { deprel: 'obj', feats: 'Number=Sing', misc: 'SpaceAfter=No' }), word('8', '.', '4', { upos: 'PUNCT' })
].join('\n')

async function opened<T>(text: string, read: ReadOptions, look: (dataset: OpenDataset) => Promise<T> | T): Promise<T> {
  const dataset = await openDataset(folder.write(`${Math.random()}.conllu`, text), read)
  try {
    return await look(dataset)
  } finally {
    await dataset.close()
  }
}

async function columns(dataset: OpenDataset, ...names: readonly string[]): Promise<unknown[][]> {
  const values = await Promise.all(names.map(name => dataset.textColumn(name)))
  return Array.from({ length: dataset.summary.rows }, (_, row) => values.map(column => column[row]))
}

describe('CoNLL-U as words', () => {
  it('can be probed for trees, whatever the label; a table of sentences cannot', async () => {
    const roles = { text: { kind: 'column', column: 'text' }, label: null, moreTargets: [], group: 'sentence', test: null, pair: null, polarity: null, topic: null } as const
    await opened(`${didNot}\n\n`, {}, async dataset => {
      expect(await dataset.check({ ...roles, moreTargets: [], group: null }, 'tree')).toMatchObject({ task: 'tree', usableRows: 8, classes: [], targets: [], problems: [] })
      expect(await dataset.check({ ...roles, moreTargets: [], group: null, label: 'upos' }, 'tree')).toMatchObject({ task: 'tree', usableRows: 8, problems: [] })
    })
    await opened(`${didNot}\n\n`, { rows: 'sentences' }, async dataset => {
      expect(await dataset.check({ ...roles, moreTargets: [], group: null }, 'tree')).toMatchObject({
        task: 'tree', usableRows: 0, problems: [{ row: null, message: 'The rows hold no trees: “id” and “head” are no columns here. Open a CoNLL-U file word by word.' }]
      })
    })
  })

  it('is a row a word with the characters it stands for', async () => {
    await opened(`${didNot}\n\n`, {}, async dataset => {
      expect(dataset.summary).toMatchObject({ format: 'conllu', rows: 8, problemCount: 0, read: { rows: 'words' }, suggestedPositions: { kind: 'word' } })
      expect(dataset.summary.columns.map(({ name }) => name)).toEqual(['text', 'word', 'lemma', 'upos', 'deprel', 'head', 'id', 'depth', 'sentence', 'start', 'end', 'length', 'number', 'tense', 'case', 'verb_form'])
      const rows = await columns(dataset, 'word', 'id', 'head', 'depth', 'text', 'start', 'end')
      expect(rows.map(([form, id, head, depth]) => [form, id, head, depth])).toEqual([
        ['We', '1', '4', '1'], ['did', '2', '4', '1'], ['n\'t', '3', '4', '1'], ['see', '4', '0', '0'], ['de', '5', '7', '2'], ['le', '6', '7', '2'], ['pain', '7', '4', '1'], ['.', '8', '4', '1']
      ])
      // Words that spell their token share it; those that do not stand for all of it.
      expect(rows.map(([, , , , text, start, end]) => String(text).slice(Number(start), Number(end)))).toEqual(['We', 'did', 'n\'t', 'see', 'du', 'du', 'pain', '.'])
    })
  })

  it('puts the text together where its comment is missing or wrong', async () => {
    const without = didNot.split('\n').filter(line => !line.startsWith('# text')).join('\n')
    await opened(`${without}\n\n${didNot.replace('# text = We', '# text = They').replace('= first', '= second')}\n`, {}, async dataset => {
      expect(new Set(await dataset.textColumn('text'))).toEqual(new Set(['We didn\'t see du pain.']))
      expect(dataset.summary.problems).toEqual([{ row: null, message: 'Line 14, sentence “second”: its text comment is not made of its words, so the text was put together from them.' }])
    })
  })

  it('suggests part of speech by sentence', async () => {
    await opened(`${didNot}\n\n${didNot.replace('= first', '= second')}\n\n${didNot}\n`, {}, async dataset => {
      expect(dataset.summary.suggested).toEqual({ text: { kind: 'column', column: 'text' }, label: 'upos', group: 'sentence' })
      // The third has the name of the first, and stays a sentence of its own.
      expect(new Set(await dataset.textColumn('sentence'))).toEqual(new Set(['first', 'second', 'first (2)']))
    })
  })

  it('gives texts with the span of the word', async () => {
    await opened(didNot, {}, async dataset => {
      for await (const { texts } of dataset.texts({ kind: 'column', column: 'text' }, { kind: 'range', start: 'start', end: 'end' }, 2)) {
        expect(texts).toEqual([{ row: 0, text: 'We didn\'t  see du pain.', span: [0, 2] }, { row: 1, text: 'We didn\'t  see du pain.', span: [3, 6] }])
      }
    })
  })

  it('leaves out what is no tree, by line and sentence, and keeps the rest', async () => {
    const broken = (name: string, ...lines: readonly string[]): string => [`# sent_id = ${name}`, ...lines].join('\n')
    const text = [
      broken('circle', word('1', 'a', '2'), word('2', 'b', '3'), word('3', 'c', '2'), word('4', 'd', '0')),
      broken('headless', word('1', 'a', '_'), word('2', 'b', '0')),
      broken('beyond', word('1', 'a', '7'), word('2', 'b', '0')),
      broken('two roots', word('1', 'a', '0'), word('2', 'b', '0')),
      broken('no root', word('1', 'a', '2'), word('2', 'b', '1')),
      broken('itself', word('1', 'a', '1')),
      broken('order', word('1', 'a', '0'), word('3', 'b', '1')),
      broken('spaces', word('1', 'a', '0').replaceAll('\t', ' ')),
      broken('columns', `${word('1', 'a', '0')}\t_`),
      broken('range', word('1', 'a', '0'), `2-4\tx${'\t_'.repeat(8)}`, word('2', 'b', '1')),
      didNot
    ].join('\n\n')
    await opened(text, {}, dataset => {
      expect(dataset.summary.rows).toBe(8)
      expect(dataset.summary.problems.map(({ message }) => message)).toEqual([
        'Line 2, sentence “circle”: the heads from word 1 on lead in a circle; the sentence was left out.',
        'Line 8, sentence “headless”: word 1 (“a”) has no head; the sentence was left out.',
        'Line 12, sentence “beyond”: the head of word 1 (“a”) is word 7, and there are 2; the sentence was left out.',
        'Line 17, sentence “two roots”: words 1 and 2 are all roots; the sentence was left out.',
        'Line 20, sentence “no root”: no word has the head 0, so there is no root; the sentence was left out.',
        'Line 24, sentence “itself”: word 1 (“a”) is its own head; the sentence was left out.',
        'Line 28, sentence “order”: word 3 stands where word 2 was expected; the sentence was left out.',
        'Line 31, sentence “spaces”: it has 1 column where CoNLL-U has 10, separated by tabs and not by spaces; the sentence was left out.',
        'Line 34, sentence “columns”: it has 11 columns where CoNLL-U has 10; the sentence was left out.',
        'Line 38, sentence “range”: the multiword token 2-4 goes beyond the last word, 2; the sentence was left out.'
      ])
    })
    await expect(opened(broken('only', word('1', 'a', '_')), {}, () => null)).rejects.toThrow('No sentence of the file could be read. The first one: Line 2')
    await expect(opened('text,label\nno treebank,1\n', {}, () => null)).rejects.toThrow('not CoNLL-U')
  })
})

describe('CoNLL-U as sentences', () => {
  it('has the probing tasks of the literature as columns', async () => {
    const tree = '# constituency = (ROOT (S (NP (PRP We)) (VP (VBD did) (VP (VB see))) (. .)))\n'
    await opened(`${tree}${didNot}\n`, { rows: 'sentences' }, async dataset => {
      expect(dataset.summary).toMatchObject({ rows: 1, read: { rows: 'sentences' }, suggestedPositions: null })
      expect(await columns(dataset, 'text', 'sentence', 'length', 'length_bin', 'depth', 'tense', 'subject_number', 'object_number', 'top_constituents'))
        .toEqual([['We didn\'t  see du pain.', 'first', '8', '5–8', '2', 'Past', 'Plur', 'Sing', 'NP VP .']])
    })
  })

  it('reads the shifted text where the shift is predicted, and says so where another text is read', async () => {
    await opened(smallTreebank(40), { rows: 'sentences' }, async dataset => {
      expect(dataset.summary.suggested).toMatchObject({ label: 'bigram_shift', text: { kind: 'column', column: 'shifted_text' } })
      const roles = { label: 'bigram_shift', moreTargets: [], group: null, test: null, pair: null, polarity: null, topic: null }
      const said = async (text: ColumnRoles['text'], label = 'bigram_shift'): Promise<string> => (await dataset.check({ ...roles, label, text })).problems.map(({ message }) => message).join()
      expect(await said({ kind: 'column', column: 'text' })).toContain('choose “shifted_text” as the text the model reads')
      expect(await said({ kind: 'template', template: 'Is it so? {shifted_text}' })).not.toContain('shifted_text')
      expect(await said({ kind: 'column', column: 'text' }, 'depth')).not.toContain('shifted_text')
    })
  })

  const treebank = sharedFile('data/syntax/en_ewt-ud-dev.conllu')

  if (!existsSync(treebank)) console.log('skipped: ../shared/data/syntax is not beside this checkout')
  it.skipIf(!existsSync(treebank))('reads the English Web Treebank whole, and shifts two words in half of its sentences', async () => {
    const words = await openDataset(treebank)
    const sentences = await openDataset(treebank, { rows: 'sentences' })
    try {
      // As `grep -cP "^\d+\t"` and `grep -c sent_id` count them.
      expect([words.summary.rows, words.summary.problemCount, sentences.summary.rows]).toEqual([25_147, 0, 2001])
      expect(words.summary.hash).not.toBe(sentences.summary.hash)
      for (const [form, start, end, text] of (await columns(words, 'word', 'start', 'end', 'text')).slice(0, 5000)) {
        expect(String(text).slice(Number(start), Number(end))).toBe(form)
      }
      const shifted = await columns(sentences, 'text', 'shifted_text', 'bigram_shift')
      const labelled = shifted.filter(([, , label]) => label !== null)
      const changed = labelled.filter(([, , label]) => label === 'shifted')
      expect(Math.abs(changed.length / labelled.length - 0.5)).toBeLessThan(0.05)
      for (const [text, after, label] of shifted) {
        expect(text !== after).toBe(label === 'shifted')
        expect([...String(after)].sort().join('')).toBe([...String(text)].sort().join(''))
      }
    } finally {
      await words.close()
      await sentences.close()
    }
  })
})
