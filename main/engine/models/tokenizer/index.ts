export { loadTokenizer, tokenizerLimits } from './load-tokenizer'
export { PipelineTokenizer, type TokenizerLimits } from './pipeline-tokenizer'
export { tokenizerFileSchema, type TokenizerFile } from './tokenizer-file'
