/** A CoNLL-U file of plain English sentences with their parses, one of one word at its end: enough for structural probes to run on in a test. */

const nouns = ['dog', 'farmer', 'letter', 'river', 'teacher', 'window', 'child', 'garden', 'painter', 'bridge', 'doctor', 'song']
const adjectives = ['old', 'small', 'green', 'quiet', 'famous', 'heavy', 'young']
const verbs = ['sees', 'likes', 'finds', 'paints', 'follows', 'remembers']
const prepositions = ['near', 'behind', 'with', 'under']

interface Word { readonly form: string; readonly upos: string; readonly head: number; readonly deprel: string }

/** `Det (Adj) Noun Verb Det Noun (Prep Det Noun) .`, the last phrase on the verb or on the noun before it by turns. */
function sentence(index: number): readonly Word[] {
  const pick = (from: readonly string[], step: number): string => from[(index * step + (index >> 2)) % from.length] ?? ''
  const words: Word[] = []
  const phrase = (noun: string, adjective: boolean, head: (noun: number) => number, deprel: string, before: readonly Word[] = []): number => {
    const own = words.length + before.length + (adjective ? 3 : 2)
    words.push(...before.map((word) => ({ ...word, head: own })), { form: words.length === 0 ? 'The' : 'the', upos: 'DET', head: own, deprel: 'det' })
    if (adjective) words.push({ form: pick(adjectives, 5), upos: 'ADJ', head: own, deprel: 'amod' })
    words.push({ form: noun, upos: 'NOUN', head: head(own), deprel })
    return own
  }
  const subject = phrase(pick(nouns, 5), index % 2 === 0, (own) => own + 1, 'nsubj')
  const verb = subject + 1
  words.push({ form: pick(verbs, 7), upos: 'VERB', head: 0, deprel: 'root' })
  const object = phrase(pick(nouns, 7), index % 3 === 0, () => verb, 'obj')
  if (index % 4 !== 3) phrase(pick(nouns, 11), index % 5 === 0, () => index % 8 < 4 ? verb : object, index % 8 < 4 ? 'obl' : 'nmod', [{ form: pick(prepositions, 3), upos: 'ADP', head: 0, deprel: 'case' }])
  words.push({ form: '.', upos: 'PUNCT', head: verb, deprel: 'punct' })
  return words
}

export function smallTreebank(sentences: number): string {
  const blocks = Array.from({ length: sentences }, (_, index) => {
    const words = sentence(index)
    const text = words.map(({ form }) => form).join(' ').replace(/ \.$/, '.')
    const lines = words.map(({ form, upos, head, deprel }, word) => [word + 1, form, form.toLowerCase(), upos, '_', '_', head, deprel, '_', word === words.length - 2 ? 'SpaceAfter=No' : '_'].join('\t'))
    return [`# sent_id = s${index + 1}`, `# text = ${text}`, ...lines, ''].join('\n')
  })
  return `${blocks.join('\n')}\n# sent_id = one\n# text = Yes\n1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\t_\n`
}
