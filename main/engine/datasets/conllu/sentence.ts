/** One syntactic word of a parsed sentence; what the file leaves as `_` is null. */
export interface TreebankWord {
  readonly form: string
  readonly lemma: string | null
  readonly upos: string | null
  readonly xpos: string | null
  /** Morphological features by their names in the file (`Number` → `Sing`). */
  readonly feats: ReadonlyMap<string, string>
  /** 1-based word it depends on; 0 for the root. */
  readonly head: number
  readonly deprel: string | null
  /** Arcs between the word and the root; 0 for the root. */
  readonly depth: number
  /** Half-open range of UTF-16 code units in the sentence's text. */
  readonly start: number
  readonly end: number
}

/** A sentence of a CoNLL-U file whose words form one tree. */
export interface TreebankSentence {
  /** `sent_id`, or `sentence 12` where the file gives none. */
  readonly id: string
  readonly text: string
  readonly words: readonly TreebankWord[]
  /** Bracketed constituents from a `# constituency = (ROOT …)` comment, as Stanza writes it. */
  readonly constituency: string | null
}
