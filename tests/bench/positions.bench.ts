import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDataset } from '../../main/engine/datasets'
import { openModel } from '../../main/engine/models'
import { executeRun } from '../../main/engine/run'
import { readPositions } from '../../main/engine/run-positions'
import { Session } from '../../main/engine/sessions'
import { columnRolesSchema, extractionSchema, probePlanSchema, type Positions } from '../../preload/recipe'

export const title = 'Positions: 10 positions × 8 layers of the bundled model on its 4,000 statements, together and as separate runs'

const resources = fileURLToPath(new URL('../../resources/', import.meta.url))
const positions: readonly Positions[] = [
  { kind: 'last' }, ...Array.from({ length: 7 }, (_, i): Positions => ({ kind: 'from-end', offset: i + 1 })), { kind: 'first' }, { kind: 'mean' }
]

export async function bench(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-positions-'))
  const dataset = await openDataset(join(resources, 'samples/atlas-truth/city-statements.csv'))
  const model = await openModel(join(resources, 'models/atlas-lm'))
  const roles = columnRolesSchema.parse({ text: { kind: 'template', template: '<|end|>{statement}' }, label: 'label', group: 'city', test: 'never_judged' })
  const probe = probePlanSchema.parse({ methods: ['logistic'] })
  /** One run at a position in a session; how long its two parts took. */
  const runAt = async (session: Session, own: Positions): Promise<{ readonly runId: string; readonly extracting: number; readonly seconds: number }> => {
    const began = performance.now()
    const { runId, extraction } = await executeRun({ session, model, dataset, roles, extraction: extractionSchema.parse({ positions: own }), probe, onEvent: () => undefined })
    return { runId, extracting: extraction?.seconds ?? NaN, seconds: (performance.now() - began) / 1000 }
  }
  try {
    const together = await Session.createAt(join(folder, 'together.layerscope'))
    const first = await runAt(together, { kind: 'last' })
    const began = performance.now()
    let extracted = NaN
    const { positions: read } = await readPositions({
      session: together, run: together.run(first.runId), model, dataset, positions,
      onEvent(event) { if (event.kind === 'progress' && event.stage === 'probing' && Number.isNaN(extracted)) extracted = (performance.now() - began) / 1000 }
    })
    const rest = (performance.now() - began) / 1000
    await together.close('keep')
    print(`together: ${(first.seconds + rest).toFixed(1)} s: the run ${first.seconds.toFixed(1)} s, ${read.length - 1} more positions ${rest.toFixed(1)} s (one pass with its files ${extracted.toFixed(1)} s, probes ${(rest - extracted).toFixed(1)} s)`)
    const apart = await Session.createAt(join(folder, 'apart.layerscope'))
    const runs: (Awaited<ReturnType<typeof runAt>>)[] = []
    for (const own of positions) runs.push(await runAt(apart, own))
    await apart.close('keep')
    const sum = (of: (run: (typeof runs)[number]) => number): number => runs.reduce((total, run) => total + of(run), 0)
    print(`as ${runs.length} runs: ${sum(run => run.seconds).toFixed(1)} s, of which the model ran ${sum(run => run.extracting).toFixed(1)} s; together takes ${((first.seconds + rest) / sum(run => run.seconds)).toFixed(2)} of that`)
  } finally {
    await model.close()
    await dataset.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
