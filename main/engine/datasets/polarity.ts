const affirmative = ['affirmative', 'aff', 'positive', 'pos', '1', '+1', 'true', 'yes']
const negated = ['negated', 'negation', 'negative', 'neg', '-1', '−1', '0', 'false', 'no']

/** What a cell of the polarity column says: 1 for an affirmative statement, −1 for a negated one, null for neither. */
export function parsePolarity(cell: string | null): 1 | -1 | null {
  const word = cell?.trim().toLowerCase() ?? ''
  return affirmative.includes(word) ? 1 : negated.includes(word) ? -1 : null
}
