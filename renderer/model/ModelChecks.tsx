import { Check, Circle, TriangleAlert } from 'lucide-react'
import type { ModelCheck } from '../../preload/contract'
import { formatQuantity } from '../components'

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

/** How many self-tests an opened model passed, in one line. */
export function ChecksPassed({ checks }: { readonly checks: readonly ModelCheck[] }): React.JSX.Element | null {
  if (checks.length === 0) return null
  const failed = checks.filter(({ ok }) => !ok).length
  const Icon = failed === 0 ? Check : TriangleAlert
  return (
    <span className="CheckLine" data-ok={failed === 0}>
      <Icon size={14} strokeWidth={2} aria-hidden />
      {failed === 0 ? `${formatQuantity(checks.length, 'check')} passed` : `${failed} of ${formatQuantity(checks.length, 'check')} failed`}
    </span>
  )
}

/** The self-tests of an opened model, with their numbers. */
export function Checks({ checks }: { readonly checks: readonly ModelCheck[] }): React.JSX.Element {
  return <ul aria-label="Self-tests">{checks.map((check) => <CheckLine key={check.name} check={check} />)}</ul>
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
