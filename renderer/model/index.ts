/** The model's part of the window. */
export { ModelCard } from './ModelCard'
