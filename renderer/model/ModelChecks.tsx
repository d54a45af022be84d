import { Check, Circle, TriangleAlert } from 'lucide-react'
import type { ModelCheck } from '../../preload/contract'
import { Disclosure } from '../components'

/** What each self-test shows, in the order they are run. */
const titles: Readonly<Record<string, string>> = {
  finite: 'All sites and logits finite',
  identity: 'Additive identities hold',
  'batched-equals-unbatched': 'Batch equals single rows',
  'output-unchanged': 'Own output unchanged',
  'provider-agrees': 'Agrees with the CPU'
}

/** The tests that every model takes; a provider other than the CPU adds its own, an exported graph one more. */
export function expectedChecks(provider: string): readonly string[] {
  return ['finite', 'identity', 'batched-equals-unbatched', ...(provider === 'cpu' ? [] : ['provider-agrees'])]
}

/** The self-tests of a model that is opening: those that have passed are ticked, the others wait. */
export function Checklist({ checks, expected }: { readonly checks: readonly ModelCheck[]; readonly expected: readonly string[] }): React.JSX.Element {
  const waiting = expected.filter((name) => !checks.some((check) => check.name === name))
  return (
    <ul className="Checklist" aria-label="Self-tests">
      {checks.map((check) => <CheckLine key={check.name} check={check} brief />)}
      {waiting.map((name) => (
        <li key={name} className="CheckLine" data-waiting>
          <Circle size={14} strokeWidth={1.75} aria-label="Waiting" />
          <span>{titles[name] ?? name}</span>
        </li>
      ))}
    </ul>
  )
}

/** Passed tests stay folded into one line; one that failed is in sight. */
export function CheckSummary({ checks }: { readonly checks: readonly ModelCheck[] }): React.JSX.Element | null {
  if (checks.length === 0) return null
  const failed = checks.filter(({ ok }) => !ok)
  return (
    <Disclosure label={failed.length === 0
      ? <span className="CheckLine" data-ok><Check size={14} strokeWidth={2} aria-hidden />{checks.length} {checks.length === 1 ? 'check' : 'checks'} passed</span>
      : `${failed.length} of ${checks.length} checks failed`} defaultOpen={failed.length > 0}>
      <ul>{checks.map((check) => <CheckLine key={check.name} check={check} />)}</ul>
    </Disclosure>
  )
}

/** One test; `brief` leaves out its numbers. */
function CheckLine({ check: { name, ok, detail }, brief = false }: { readonly check: ModelCheck; readonly brief?: boolean }): React.JSX.Element {
  return (
    <li className="CheckLine" data-ok={ok}>
      {ok ? <Check size={14} strokeWidth={2} aria-label="Passed" /> : <TriangleAlert size={14} strokeWidth={2} aria-label="Failed" />}
      <span className="selectable">{titles[name] ?? name}{(!brief || !ok) && <small>{detail}</small>}</span>
    </li>
  )
}
