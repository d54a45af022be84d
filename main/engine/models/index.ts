/** Models: a path becomes an `OpenModel` with sites, a tokenizer and `run`. */
export { openModel } from './open'
export { prepareModelThread } from './model-thread'
export { discoverModels, type DiscoverListener, type DiscoverOptions } from './discovery/discover'
export { listModels } from './discovery/discovery-thread'
export { listProviders } from './providers'
export type { Encoding, Gather, Intervention, OpenModel, RunResult, Tensor, TokenBatch, Tokenizer } from './open-model'
