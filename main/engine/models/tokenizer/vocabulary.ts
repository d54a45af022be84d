import { LayerscopeError } from '../../errors'

/** Token strings and their ids. */
export interface Vocabulary {
  readonly idOf: ReadonlyMap<string, number>
  /** Token of each id; holes are undefined. */
  readonly tokens: readonly (string | undefined)[]
}

/**
 * Reads the `vocab` of a tokenizer.json: an object of ids by token, or a list of [token, score].
 * @throws LayerscopeError `tokenizer-unreadable`
 */
export function readVocabulary(vocab: unknown): Vocabulary {
  const idOf = new Map<string, number>()
  const tokens: (string | undefined)[] = []
  const add = (token: unknown, id: unknown): void => {
    if (typeof token !== 'string' || typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 0x7fffffff) throw malformed()
    idOf.set(token, id)
    tokens[id] = token
  }
  if (Array.isArray(vocab)) vocab.forEach((entry: unknown, id) => { add(Array.isArray(entry) ? entry[0] : undefined, id) })
  else if (typeof vocab === 'object' && vocab !== null) for (const [token, id] of Object.entries(vocab)) add(token, id)
  else throw malformed()
  if (idOf.size === 0) throw malformed()
  return { idOf, tokens }
}

function malformed(): LayerscopeError {
  return new LayerscopeError({ code: 'tokenizer-unreadable', message: 'The vocabulary in tokenizer.json is not a list of tokens with their ids.', field: 'model.vocab' })
}
