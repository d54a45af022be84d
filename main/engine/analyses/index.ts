export { analyse } from './analyse'
export type {
  CodeLengthJob, ErasureJob, ProbedRows, SimilaritySite, TransferScore, TransferSide
} from './analysis-protocol'
