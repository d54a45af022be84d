import type { ReadOptions } from '../../../../preload/recipe'
import type { DatasetFormat } from '../inspect-file'
import type { TableColumn } from '../profile-columns'
import type { RoleSuggestion } from '../suggest-roles'

/** The roles of a treebank's columns are known; null for every other format. */
export function suggestTreebankRoles(format: DatasetFormat, rows: NonNullable<ReadOptions['rows']>, columns: readonly TableColumn[]): RoleSuggestion | null {
  if (format !== 'conllu') return null
  const told = (name: string): boolean => columns.some((column) => column.name === name && column.distinct > 1)
  const label = (rows === 'words' ? ['upos', 'deprel', 'xpos'] : ['tense', 'bigram_shift', 'depth']).find(told)
  return {
    roles: { text: { kind: 'column', column: 'text' }, ...(label === undefined ? {} : { label }), ...(rows === 'words' && told('sentence') ? { group: 'sentence' } : {}) },
    groupReason: rows === 'words' && told('sentence') ? 'the words of a sentence share their context: keeping them in one fold tests the probe on sentences it has not seen.' : null
  }
}
