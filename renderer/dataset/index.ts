/** The dataset's part of the window. */
export { ColumnsDialog } from './ColumnsDialog'
export { DatasetCard } from './DatasetCard'
