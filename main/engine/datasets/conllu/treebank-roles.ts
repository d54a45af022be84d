import type { ColumnRoles, ReadOptions } from '../../../../preload/recipe'
import type { DatasetFormat } from '../inspect-file'
import type { TableColumn } from '../profile-columns'
import type { RoleSuggestion } from '../suggest-roles'

/** The roles of a treebank's columns are known; null for every other format. */
export function suggestTreebankRoles(format: DatasetFormat, rows: NonNullable<ReadOptions['rows']>, columns: readonly TableColumn[]): RoleSuggestion | null {
  if (format !== 'conllu') return null
  const told = (name: string): boolean => columns.some((column) => column.name === name && column.distinct > 1)
  const label = (rows === 'words' ? ['upos', 'deprel', 'xpos'] : ['tense', 'bigram_shift', 'depth']).find(told)
  return {
    roles: { text: { kind: 'column', column: label === 'bigram_shift' ? 'shifted_text' : 'text' }, ...(label === undefined ? {} : { label }), ...(rows === 'words' && told('sentence') ? { group: 'sentence' } : {}) },
    groupReason: rows === 'words' && told('sentence') ? 'the words of a sentence share their context: keeping them in one fold tests the probe on sentences it has not seen.' : null
  }
}

/** Where the label says whether two words of `shifted_text` were swapped and another text is read, in which none were: what to read; else null. */
export function shiftedTextUnread(columns: readonly TableColumn[], { label, text }: ColumnRoles): string | null {
  const reads = text.kind === 'column' ? text.column === 'shifted_text' : text.template.includes('{shifted_text}')
  if (label !== 'bigram_shift' || reads || !columns.some(({ name }) => name === 'shifted_text')) return null
  return '“bigram_shift” tells whether two words were swapped in “shifted_text”, which the model does not read: choose “shifted_text” as the text the model reads.'
}
