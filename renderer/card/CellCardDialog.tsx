import { ChevronLeft, ChevronRight, Table2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { CellCard, NumericValues } from '../../preload/contract'
import { measures, methodName, writeHalf, writeMeasure } from '../../preload/measures'
import { positionTick } from '../../preload/positions'
import { Button, Dialog, ErrorNotice, formatNumber, formatPercent, formatQuantity, IconButton, SegmentedControl, Select, Skeleton, WarningNotice } from '../components'
import { siteName, stepLayer, withSiteNames } from '../layers'
import { closeCard, useCard, useCardKey } from '../state/card'
import { useAnswer } from '../state/engine-data'
import { methodsOf, useMethod } from '../state/methods'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { BestOfManyNote } from './BestOfManyNote'
import { CalibrationPlot, CalibrationTable } from './CalibrationPlot'
import { CardComparison } from './CardComparison'
import { FoldTable, MeasureTable, Origin } from './CardFacts'
import { CodeLengthSection } from './CodeLengthSection'
import { ConfusionTable } from './ConfusionTable'
import { ErasureSection } from './ErasureSection'
import { exportReport } from './export-report'
import { FitScatter } from './FitScatter'
import { IntervalBar } from './IntervalBar'
import './CellCard.css'

/** All that a run keeps about the selected layer and method; arrows go on to the next layer. */
export function CellCardDialog(): React.JSX.Element | null {
  const open = useCard((state) => state.open)
  const there = useWorkbench(({ run }) => run?.sweep != null)
  return open && there ? <OpenCard /> : null
}

function OpenCard(): React.JSX.Element {
  const site = useView((view) => view.site)
  const method = useMethod()
  const run = useWorkbench((state) => state.run)
  const setMethod = useView((view) => view.setMethod)
  const key = useCardKey()
  const position = useCard((card) => card.position)
  const { value, error } = useAnswer('probe.card', key && site !== null && method !== null ? { ...key, site, method } : null)
  // The card before stays until the next one has come: nothing jumps.
  const [kept, setKept] = useState<CellCard | null>(null)
  if (value && value !== kept) setKept(value)
  const card = error ? null : value ?? kept
  const methods = run ? methodsOf(run) : []
  const at = site === null ? -1 : run?.sites.indexOf(site) ?? -1
  useCardKeys()
  return (
    <Dialog open onOpenChange={(next) => { if (!next) closeCard() }} width={900} title={`${titleCase(siteName(site ?? ''))}${position === null ? '' : ` · ${positionTick(position)}`} · ${methodName(method ?? '')}`} description={card && describe(card)}
      footer={<>
        <div className="CellCard-walk">
          <IconButton icon={ChevronLeft} label="Previous layer" shortcut="ArrowLeft" size="small" disabled={at <= 0} onClick={() => stepLayer(-1)} side="top" />
          <IconButton icon={ChevronRight} label="Next layer" shortcut="ArrowRight" size="small" disabled={at < 0 || at >= (run?.sites.length ?? 0) - 1} onClick={() => stepLayer(1)} side="top" />
          {methods.length > 1 && methods.length <= 3 && method !== null && <SegmentedControl label="Method" size="small" value={method} onChange={setMethod} options={methods.map((name) => ({ value: name, label: methodName(name) }))} />}
          {methods.length > 3 && <Select label="Method" size="small" value={method} onChange={setMethod} options={methods.map((name) => ({ value: name, label: methodName(name) }))} />}
        </div>
        <Button disabled={!card} onClick={() => void exportReport('card')}>Export card…</Button>
        <Button variant="primary" disabled={!card} onClick={() => void exportReport('report')}>Export report…</Button>
      </>}>
      <div className="CellCard selectable" aria-busy={value === null && error === null}>
        {error && <ErrorNotice error={error} />}
        {!card && !error && <><Skeleton width="60%" /><Skeleton width="100%" /><Skeleton width="100%" /></>}
        {card && <CardBody card={card} />}
      </div>
    </Dialog>
  )
}

const none: readonly string[] = []

function CardBody({ card }: { readonly card: CellCard }): React.JSX.Element {
  const [headline] = card.result.measures
  const half = headline?.interval ? (headline.interval.hi - headline.interval.lo) / 2 : null
  const sites = useWorkbench(({ run }) => run?.sites ?? none)
  const cautions = card.cautions.map((caution) => withSiteNames(caution, sites))
  return (
    <>
      {headline && (
        <section className="CellCard-headline">
          <div>
            <p className="CellCard-number">{writeMeasure(headline.name, headline.value, half)}{half !== null && <small>{writeHalf(headline.name, half)}</small>}</p>
            <p className="CellCard-quiet">{measures[headline.name].phrase} on {formatQuantity(card.rows, 'held-out row')}</p>
          </div>
          <IntervalBar measure={headline} />
        </section>
      )}
      <BestOfManyNote card={card} />
      {cautions.length > 0 && <WarningNotice>{cautions.length === 1 ? <p>{cautions[0]}</p> : <ul className="CellCard-cautions">{cautions.map((caution) => <li key={caution}>{caution}</li>)}</ul>}</WarningNotice>}
      <section className="CellCard-section"><header><h3>Measures</h3></header><MeasureTable result={card.result} /></section>
      {card.detail?.kind === 'classes' && <ClassFigures card={card} detail={card.detail} />}
      {card.detail?.kind === 'numeric' && <NumberFigures card={card} detail={card.detail} />}
      <CardComparison card={card} />
      {card.detail?.kind === 'classes' && <><CodeLengthSection card={card} /><ErasureSection card={card} /></>}
      {card.folds.length > 0 && <section className="CellCard-section"><header><h3>Folds</h3></header><FoldTable card={card} /></section>}
      <section className="CellCard-section"><header><h3>Where the numbers come from</h3></header><Origin card={card} />{card.notes.length > 0 && <p className="CellCard-quiet">{card.notes.map((note) => withSiteNames(note, sites)).join(' ')}</p>}</section>
    </>
  )
}

/** More classes than this need the whole width for their table. */
const mostBeside = 5

function ClassFigures({ card, detail: { confusion, calibration } }: { readonly card: CellCard; readonly detail: Extract<CellCard['detail'], { kind: 'classes' }> }): React.JSX.Element {
  const [asTable, setAsTable] = useState(false)
  return (
    <div className="CellCard-figures">
      <section className={`CellCard-section ${card.classes.length > mostBeside ? 'CellCard-wide' : ''}`}><header><h3>Where it errs</h3></header><ConfusionTable classes={card.classes} confusion={confusion} /></section>
      <section className="CellCard-section">
        <header><h3>Whether its probabilities hold</h3>{calibration && <IconButton icon={Table2} label={asTable ? 'Show as chart' : 'Show as table'} size="small" pressed={asTable} onClick={() => setAsTable(!asTable)} />}</header>
        {calibration === null && <p className="CellCard-quiet">This run did not keep the probability of the predicted class. Run again to see it.</p>}
        {calibration && (asTable ? <CalibrationTable calibration={calibration} /> : <CalibrationPlot calibration={calibration} className={card.classes[1] ?? null} />)}
        {calibration && <p className="CellCard-quiet">Expected calibration error {formatPercent(calibration.ece)} · Brier score {calibration.brier.toFixed(3).replace(/^0\./, '.')}</p>}
      </section>
    </div>
  )
}

function NumberFigures({ card: { site, method, result }, detail: { targets } }: { readonly card: CellCard; readonly detail: Extract<CellCard['detail'], { kind: 'numeric' }> }): React.JSX.Element {
  const key = useCardKey()
  const values = useAnswer('run.values', key && { ...key, site, method }).value
  const [kept, setKept] = useState<NumericValues | null>(null)
  if (values?.kind === 'numeric' && values !== kept) setKept(values)
  const shown = result.kind === 'numeric' ? result.targets : null
  return (
    <div className="CellCard-figures">
      {targets.map(({ name, rmse, slope }, target) => {
        const own = shown?.find((one) => one.name === name)
        return (
          <section key={name} className={`CellCard-section ${targets.length === 1 ? 'CellCard-alone' : ''}`}>
            <header><h3>Predicted against actual {name}</h3></header>
            {kept && <FitScatter values={kept} target={target} />}
            <dl className="CellCard-errors">
              {own && <div><dt>R²</dt><dd>{writeMeasure('r2', own.r2)} {writeHalf('r2', (own.r2Interval.hi - own.r2Interval.lo) / 2)}</dd></div>}
              {own?.spearman != null && <div><dt>Spearman ρ</dt><dd>{writeMeasure('spearman', own.spearman)}</dd></div>}
              <div><dt>Root mean squared error</dt><dd>{formatNumber(rmse)}</dd></div>
              {own && <div><dt>Mean absolute error</dt><dd>{formatNumber(own.meanAbsoluteError)}</dd></div>}
              {slope !== null && <div><dt title="1 where predictions are neither shrunk nor stretched">Slope of actual on predicted</dt><dd>{slope.toFixed(2)}</dd></div>}
            </dl>
          </section>
        )
      })}
    </div>
  )
}

/** ← → go through the layers while the card is open, unless what has focus uses them itself. */
function useCardKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
      const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : null
      const target = event.target instanceof Element ? event.target : null
      if (step === null || target?.closest('input, [role="listbox"], [role="combobox"], [role="grid"], [role="radiogroup"]')) return
      if (stepLayer(step)) event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}

function describe({ site, chosen }: CellCard): string {
  if (chosen === null) return site
  return chosen.here ? `${site}, chosen on validation rows` : `${site}; validation rows chose ${siteName(chosen.site)}, ${methodName(chosen.method)}`
}

function titleCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
