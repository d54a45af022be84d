import { Table2 } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { CellCard } from '../../preload/contract'
import { Button, ErrorNotice, IconButton, ProgressBar } from '../components'
import { useCardKey } from '../state/card'
import { askOfSite, useSiteAnalysis, type SiteAnswers, type SiteQuestion } from '../state/site-analyses'
import { useWorkbench } from '../state/workbench'
import './SiteSection.css'

export interface SiteSectionProps<Q extends SiteQuestion> {
  readonly question: Q
  readonly card: CellCard
  readonly title: string
  /** What will stand here, in a sentence. */
  readonly promise: string
  /** What the button says. */
  readonly verb: string
  /** As a chart with its numbers, or as the table that is the chart's twin. */
  readonly show: (answer: SiteAnswers[Q], asTable: boolean) => ReactNode
}

/** A part of the card that is computed when it is asked for, and kept with the run: before, under way, failed, there. */
export function SiteSection<Q extends SiteQuestion>({ question, card, title, promise, verb, show }: SiteSectionProps<Q>): React.JSX.Element {
  const key = useCardKey()
  const at = key && { ...key, site: card.site }
  const asked = useSiteAnalysis(question, at)
  const logistic = useWorkbench(({ run }) => run?.results.some(({ site, method }) => site === card.site && method === 'logistic') ?? false)
  const [asTable, setAsTable] = useState(false)
  const kept: SiteAnswers[SiteQuestion] | null = card[question]
  const answer = asked?.kind === 'ready' ? asked.value : kept as SiteAnswers[Q] | null
  const ask = (): void => { if (at) void askOfSite(question, at) }
  return (
    <section className="CellCard-section" aria-label={title}>
      <header>
        <h3>{title}</h3>
        {answer && <IconButton icon={Table2} label={asTable ? 'Show as chart' : 'Show as table'} size="small" pressed={asTable} onClick={() => setAsTable(!asTable)} />}
      </header>
      {asked?.kind === 'failed' && <ErrorNotice error={asked.error} action={<Button size="small" onClick={ask}>Try again</Button>} />}
      {asked?.kind === 'running' && (
        <div className="SiteSection-running">
          <ProgressBar label={title} value={asked.share} />
          <span className="tabular" aria-hidden>{Math.floor(asked.share * 100)} %</span>
          <Button size="small" onClick={asked.cancel}>Cancel</Button>
        </div>
      )}
      {asked?.kind !== 'running' && asked?.kind !== 'failed' && !answer && (
        <div className="SiteSection-empty">
          <p className="CellCard-quiet">{promise}{!logistic && ' It takes the logistic probe, which was not trained at this layer: choose it in the Run card and run again.'}</p>
          {logistic && <Button size="small" onClick={ask}>{verb}</Button>}
        </div>
      )}
      {asked?.kind !== 'running' && answer && show(answer, asTable)}
    </section>
  )
}
