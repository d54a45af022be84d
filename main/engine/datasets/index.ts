export { openDataset, readParquetColumns } from './duckdb-dataset'
export type { OpenDataset, SkippedRow, TextRow } from './open-dataset'
export { parsePolarity } from './polarity'
