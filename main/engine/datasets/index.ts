export { openDataset, readParquetColumns } from './duckdb-dataset'
export { predictedTask } from './predicted-task'
export type { OpenDataset, SkippedRow, SpanSource, TextRow } from './open-dataset'
export { parsePolarity } from './polarity'
