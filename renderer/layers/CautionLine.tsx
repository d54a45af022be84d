import { TriangleAlert } from 'lucide-react'
import { Popover } from 'radix-ui'
import type { SweepSummary } from '../../preload/contract'
import { withSiteNames } from './site-axis'

/** The first guard that fired, in its own words, and all of them with the notes a click away. Nothing where none fired. */
export function CautionLine({ sweep }: { readonly sweep: SweepSummary | null }): React.JSX.Element | null {
  const named = (sentences: readonly string[] = []): readonly string[] => sentences.map((sentence) => withSiteNames(sentence, sweep?.sites.map(({ site }) => site) ?? []))
  const warnings = named(sweep?.warnings)
  const [first, ...others] = warnings
  if (sweep === null || first === undefined) return null
  const notes = named(sweep.notes)
  return (
    <Popover.Root>
      <Popover.Trigger className="CautionLine" title="Read all that the sweep says of itself">
        <TriangleAlert size={13} strokeWidth={1.75} aria-hidden />
        <span className="CautionLine-text">{first}</span>
        {others.length > 0 && <span className="CautionLine-more">{others.length} more</span>}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="CautionList selectable" side="top" align="end" sideOffset={6} collisionPadding={8} aria-label="Cautions on this sweep">
          <h3>{others.length === 0 ? 'A caution on this sweep' : `${others.length + 1} cautions on this sweep`}</h3>
          <ul>{warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul>
          {notes.length > 0 && <p>{notes.join(' ')}</p>}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
