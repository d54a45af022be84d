import { methodName } from '../../preload/measures'
import { writePositions } from '../../preload/positions'
import { siteName } from '../layers/site-axis'
import { useCard } from '../state/card'
import { engine } from '../state/engine-client'
import { methodOf } from '../state/methods'
import { noticeError, noticeInfo } from '../state/notices'
import { useView } from '../state/view'
import { workbench } from '../state/workbench'

/** Writes the report of the selected layer and method, or its card alone, into a folder that the person names. */
export async function exportReport(parts: 'report' | 'card'): Promise<void> {
  const { session, run } = workbench.get()
  const { site, method: picked } = useView.getState()
  const method = run && methodOf(run, picked)
  if (session === null || run === null || site === null || method === null) return
  const { position } = useCard.getState()
  const name = [run.summary.dataset.name.replace(/\.\w+$/, ''), siteName(site), ...position === null ? [] : [writePositions(position).replace(':', ' ')], methodName(method), parts].join(' ')
  try {
    const path = await window.layerscope.dialog('save-report', name)
    if (path === null) return
    const { files } = await engine.request('run.report', { sessionId: session.sessionId, runId: run.summary.runId, position, site, method, path, parts })
    const shown = files.find((file) => file.endsWith('card.md')) ?? path
    noticeInfo(parts === 'card' ? `Wrote the card of ${siteName(site)}.` : `Wrote the report: ${files.length} files.`, {
      about: 'report', actions: [{ label: 'Show in folder', run: () => window.layerscope.revealInFolder(shown) }]
    })
  } catch (error) {
    noticeError(error, { about: 'report' })
  }
}
