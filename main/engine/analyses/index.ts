export { analyse } from './analyse'
export type {
  InfluenceJob, InfluenceOutcome, ProbedRows, RefitJob, RefitOutcome, SimilarityJob, SimilarityOutcome, SimilaritySite, TransferJob, TransferOutcome, TransferScore, TransferSide
} from './analysis-protocol'
