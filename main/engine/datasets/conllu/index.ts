export { defaultRows, loadConllu } from './load-conllu'
export { shiftedTextUnread, suggestTreebankRoles } from './treebank-roles'
