/** Parse trees of a treebank, predicted against gold, sentence by sentence. */
export { TreesView } from './TreesView'
