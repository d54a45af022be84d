export { analyse } from './analyse'
export type {
  CodeLengthJob, CodeLengthOutcome, ErasureJob, ErasureOutcome, InfluenceJob, InfluenceOutcome, ProbedRows, RefitJob, RefitOutcome, SimilarityJob, SimilarityOutcome, SimilaritySite, TransferJob, TransferOutcome, TransferScore, TransferSide
} from './analysis-protocol'
