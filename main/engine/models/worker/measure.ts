import { LayerscopeError, errorReport } from '../../errors'
import type { ArchitectureHints } from '../config'
import type { TokenBatch } from '../open-model'
import type { DeclaredSites, ReadableModel } from '../readable-model'
import type { GraphSession, RawOutputs } from './sessions'
import type { MeasuredSite, SitePlan } from '../site-plan'

/** Sites of a model after one run: with their widths, and without those that did not come out as their name promises. */
export interface Measurement {
  readonly sites: readonly MeasuredSite[]
  readonly outputs: RawOutputs
  /** Gives every site that works, and the model's own output; the caller releases it. */
  readonly session: GraphSession
  readonly warnings: readonly string[]
  readonly hidden: number
  readonly heads: number | null
  readonly kvHeads: number | null
  readonly headDim: number | null
}

/** Makes a brief session that also gives the model's own output. */
export type OpenSession = (sources: readonly string[]) => Promise<GraphSession>

/** Runs every site once on a small batch. Kinds of site that ONNX Runtime refuses are left out, with a warning each. */
export async function measure(model: ReadableModel, openSession: OpenSession, batch: TokenBatch, hints: ArchitectureHints): Promise<Measurement> {
  const warnings: string[] = []
  const { plans, outputs, session } = await runWhatWorks(model.sites, openSession, batch, warnings)
  const tokens = batch.rows * batch.length
  const widthOf = (plan: SitePlan): number => {
    const output = outputs.get(plan.source)
    if (output === undefined) return 0
    if (plan.layout === 'pattern') return output.data.length / (tokens * batch.length)
    const shared = output.dims[0] === 1 && output.dims[1] === batch.length && output.dims.length === 3
    return output.data.length / (shared ? batch.length : tokens)
  }
  const end = (suffix: string): SitePlan | undefined => plans.find(plan => plan.name.endsWith(suffix))
  const pattern = end('attn.hook_pattern')
  const mixed = end('attn.hook_z')
  const keys = end('attn.hook_k')
  const heads = pattern === undefined ? hints.heads : widthOf(pattern)
  const headDim = mixed !== undefined && heads !== null ? widthOf(mixed) / heads : hints.headDim
  const kvHeads = keys !== undefined && headDim !== null ? widthOf(keys) / headDim : hints.kvHeads
  const sites: MeasuredSite[] = []
  for (const plan of plans) {
    const width = widthOf(plan)
    if (!Number.isInteger(width) || width === 0) {
      warnings.push(`${plan.name} did not come out as one value per token and was left out.`)
      continue
    }
    const split = plan.layout === 'heads' && headDim !== null && width % headDim === 0
    sites.push({
      ...plan, width, layout: plan.layout === 'heads' && !split ? 'token' : plan.layout,
      heads: plan.layout === 'pattern' ? width : split ? width / headDim : null, headDim: split ? headDim : null
    })
  }
  const stream = sites.find(site => site.kind === 'residual') ?? sites.find(site => site.kind === 'hidden') ?? sites[0]
  return { sites, outputs, session, warnings, hidden: stream?.width ?? 0, heads, kvHeads: whole(kvHeads), headDim: whole(headDim) }
}

/** The same for a model whose configuration says what its sites are: only those that the self-tests read are run. */
export async function loadDeclared(declared: DeclaredSites, openSession: OpenSession, batch: TokenBatch, onLoaded: () => void): Promise<Measurement> {
  const session = await openSession(declared.checked)
  onLoaded()
  try {
    return { ...declared, session, outputs: await session.run(batch, declared.checked), warnings: [] }
  } catch (error) {
    await session.release()
    throw error
  }
}

function whole(value: number | null): number | null {
  return value !== null && Number.isInteger(value) ? value : null
}

interface Working { readonly plans: readonly SitePlan[]; readonly outputs: RawOutputs; readonly session: GraphSession }

async function runWhatWorks(plans: readonly SitePlan[], openSession: OpenSession, batch: TokenBatch, warnings: string[]): Promise<Working> {
  try {
    return { plans, ...await runOnce(plans, openSession, batch) }
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.report.code === 'model-inputs') throw error
    // The stream alone must work; then each other kind by itself says whether it is the one refused.
    const firm = plans.filter(plan => ['embedding', 'residual', 'norm', 'hidden', 'logits'].includes(plan.kind))
    if (firm.length === plans.length) throw error
    await (await runOnce(firm, openSession, batch)).session.release()
    const works = new Set(firm)
    const groups = new Map<string, SitePlan[]>()
    for (const plan of plans) {
      if (works.has(plan)) continue
      const group = plan.name.replace(/^blocks\.\d+\./, '')
      groups.set(group, [...groups.get(group) ?? [], plan])
    }
    for (const [group, members] of groups) {
      try {
        await (await runOnce(members, openSession, batch)).session.release()
        for (const plan of members) works.add(plan)
      } catch (refused) {
        warnings.push(`${group} cannot be read from this graph: ${errorReport(refused).message}`)
      }
    }
    const working = plans.filter(plan => works.has(plan))
    return { plans: working, ...await runOnce(working, openSession, batch) }
  }
}

async function runOnce(plans: readonly SitePlan[], openSession: OpenSession, batch: TokenBatch): Promise<Omit<Working, 'plans'>> {
  const sources = [...new Set(plans.map(plan => plan.source))]
  const session = await openSession(sources)
  try {
    return { outputs: await session.run(batch, sources), session }
  } catch (error) {
    await session.release()
    throw error
  }
}
