import { checkBatch } from './checks'
import { rehearsalModel } from '../generated/rehearsal-model'
import { loadDeclared } from './measure'
import { GraphSession } from './sessions'

/**
 * Opens a model that is in no file. The first graph that a thread writes and the first session of a process take several times
 * as long as later ones: this thread has them behind it when a model comes.
 */
export async function rehearse(): Promise<void> {
  const model = rehearsalModel()
  if (model.declared === null) return
  const open = (sources: readonly string[]): Promise<GraphSession> =>
    GraphSession.create(model, 'cpu', { sources, original: true, use: 'brief' }, { kvHeads: null, headDim: null })
  const { session } = await loadDeclared(model.declared, open, checkBatch(model.vocab ?? 1, 0), () => undefined)
  await session.release()
}
