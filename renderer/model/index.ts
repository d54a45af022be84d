/** The model's part of the window. */
export { ModelCard } from './ModelCard'
export { OpenModelDialog } from './OpenModelDialog'
