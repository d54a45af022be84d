import type { TreebankSentence } from './sentence'

/** Features that word tasks ask for, by their names in the file; columns of none of a file's words are left out. */
const featureColumns = [['number', 'Number'], ['tense', 'Tense'], ['person', 'Person'], ['case', 'Case'], ['gender', 'Gender'], ['verb_form', 'VerbForm']] as const

/** Columns of a CoNLL-U file read word by word. `start` and `end` are the word's range in `text`; `length` counts the sentence's words. */
export const wordColumns: readonly string[] = [
  'text', 'word', 'lemma', 'upos', 'xpos', 'deprel', 'head', 'id', 'depth', 'sentence', 'start', 'end', 'length', ...featureColumns.map(([name]) => name)
]

/** One row a word, in the order of `wordColumns`. */
export function wordRows({ id, text, words }: TreebankSentence): readonly (readonly (string | null)[])[] {
  return words.map((word, index) => [
    text, word.form, word.lemma, word.upos, word.xpos, word.deprel, String(word.head), String(index + 1), String(word.depth), id,
    String(word.start), String(word.end), String(words.length), ...featureColumns.map(([, feature]) => word.feats.get(feature) ?? null)
  ])
}
