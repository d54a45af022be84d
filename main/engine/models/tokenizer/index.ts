export { loadTokenizer, tokenizerLimits } from './load-tokenizer'
export { PipelineTokenizer } from './pipeline-tokenizer'
export { tokenizerFileSchema, type TokenizerFile } from './tokenizer-file'
