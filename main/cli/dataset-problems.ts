import type { OpenDataset } from '../engine/datasets/index'

/** What a dataset left out, counted, with the first one named; null where it was read whole. */
export function leftOut({ summary: { format, problems, problemCount } }: OpenDataset): string | null {
  if (problemCount === 0) return null
  const unit = format === 'conllu' ? problemCount === 1 ? 'sentence' : 'sentences' : problemCount === 1 ? 'row' : 'rows'
  const [first] = problems
  return `${problemCount} ${unit} of the dataset could not be read and ${problemCount === 1 ? 'was' : 'were'} left out${first === undefined ? '' : `; the first: ${first.message}`}`
}
