/**
 * The contract between the page and the engine: one table of requests (requests.ts), shared by both sides, and what they carry, by subject.
 * Requests travel over a MessagePort; each carries an id, may report events, can be cancelled,
 * and ends in one result or one error. Parameters are validated by the engine on arrival.
 */
export type * from './analyses'
export type * from './cards'
export type * from './datasets'
export * from './envelopes'
export type * from './errors'
export type * from './models'
export type * from './projections'
export type * from './prompts'
export * from './requests'
export type * from './runs'
export type * from './sessions'
export * from './sweeps'
export type * from './trees'
