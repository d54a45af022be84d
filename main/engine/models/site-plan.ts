import type { SiteKind } from '../../../preload/contract'

/**
 * How a site's memory is read, whatever format the model came in:
 * `token` is [batch, position, width]; `heads` is [batch, position, heads, width];
 * `pattern` is [batch, heads, position, position].
 */
export type SiteLayout = 'token' | 'heads' | 'pattern'

/** A site a graph can give, and how its sessions ask for it. */
export interface SitePlan {
  readonly name: string
  readonly kind: SiteKind
  /** -1 for the embedding, the number of blocks for what follows the last one. */
  readonly layer: number
  readonly layout: SiteLayout
  /** Sites with the same source are the same numbers: computed and fetched once. */
  readonly source: string
}

/** A site whose size is known, from a run or from the model's configuration. */
export interface MeasuredSite extends SitePlan {
  /** Values a token; of a pattern, heads. */
  readonly width: number
  readonly heads: number | null
  readonly headDim: number | null
}

/** What the blocks add up to, so that an opened model can prove its own sites. */
export type BlockStructure = 'sequential' | 'parallel' | 'post-norm' | 'unknown'
