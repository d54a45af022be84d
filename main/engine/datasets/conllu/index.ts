export { defaultRows, loadConllu } from './load-conllu'
export { suggestTreebankRoles } from './treebank-roles'
