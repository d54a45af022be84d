/** What is asked of a finished run over parse trees: which sentences were tested, and one sentence word by word. */

/** A word of a sentence. Words are counted from 0. */
export interface TreeWord {
  /** Dataset row. */
  readonly row: number
  readonly form: string
  readonly tag: string | null
  readonly relation: string | null
  /** The word it depends on in the treebank; −1 for the root. */
  readonly head: number
  /** Arcs between it and the root. */
  readonly depth: number
  /** Punctuation has no part in the predicted tree, nor in its score. */
  readonly punctuation: boolean
  /** In the predicted tree, hung from the word of least predicted depth (−1); null for punctuation and where the sentence was not tested. */
  readonly predictedHead: number | null
  readonly predictedDepth: number | null
}

/** One sentence at one site. */
export interface SentenceTree {
  /** Its name in the treebank. */
  readonly name: string
  readonly words: readonly TreeWord[]
  /** Whether the probes had no part of it in training: only then is there a prediction. */
  readonly tested: boolean
  /** Arcs of the treebank between words that are not punctuation, and those of them that are predicted. */
  readonly arcs: number
  readonly right: number
}

/** The test sentences in their order, with how well each is parsed at one site; arrays have one entry a sentence. */
export interface TestSentences {
  /** Dataset row of the first word. */
  readonly rows: Int32Array
  readonly words: Int32Array
  readonly arcs: Int32Array
  readonly right: Int32Array
  readonly texts: readonly string[]
}
