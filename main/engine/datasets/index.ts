export { openDataset, readParquetColumns } from './duckdb-dataset'
export { predictedTask } from './predicted-task'
export type { OpenDataset, SkippedRow, TextRow } from './open-dataset'
export { parsePolarity } from './polarity'
