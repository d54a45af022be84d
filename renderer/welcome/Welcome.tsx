import { ArrowRight, Box, FolderOpen, History, Table2 } from 'lucide-react'
import { Button, Kbd } from '../components'
import { useRecent } from '../state/session'
import { openSample, useStartup } from '../state/start'
import { openSession } from '../state/open'
import { runCommand } from '../commands'
import { LayersMark } from './LayersMark'
import './Welcome.css'

/** What a fresh window shows: ways to begin. */
export function Welcome(): React.JSX.Element {
  const samples = useStartup(({ info }) => info?.samples)
  const recent = useRecent(({ recent }) => recent)
  return (
    <main className="Welcome">
      <div className="Welcome-inside" data-single={recent.length === 0 || !samples?.length || undefined}>
        <header>
          <LayersMark />
          <h1>See what a model represents, layer by layer</h1>
          <p>Open a transformer from this machine and drop a table of labelled texts. Nothing leaves it.</p>
          <div className="Welcome-open">
            <Button size="large" variant="primary" icon={Box} onClick={() => runCommand('model.open')}>Open model…</Button>
            <Button size="large" icon={Table2} onClick={() => runCommand('dataset.open')}>Open dataset…</Button>
            <Button size="large" variant="ghost" icon={FolderOpen} onClick={() => runCommand('session.open')}>Open session…</Button>
          </div>
        </header>
        <div className="Welcome-columns">
          {samples && samples.length > 0 && (
            <section aria-labelledby="welcome-samples">
              <h2 id="welcome-samples">Try the sample</h2>
              <ul>
                {samples.map(({ id, title, question, description }) => (
                  <li key={id}>
                    <button type="button" className="Welcome-entry" title={description} onClick={() => void openSample(id)}>
                      <span><b>{title}</b><small>{question}</small></span>
                      <ArrowRight size={16} strokeWidth={1.75} aria-hidden />
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          )}
          {recent.length > 0 && (
            <section aria-labelledby="welcome-recent">
              <h2 id="welcome-recent">Recent sessions</h2>
              <ul>
                {recent.slice(0, 6).map(({ path, name, openedAt }) => (
                  <li key={path}>
                    <button type="button" className="Welcome-entry" title={path} onClick={() => void openSession(path)}>
                      <History size={16} strokeWidth={1.75} aria-hidden />
                      <span><b>{name}</b><small>{folderOf(path)}, {whenOpened(openedAt)}</small></span>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
        <footer>Drop a model, a dataset, a session or a recipe anywhere. Every command: <Kbd keys="Mod+K" /></footer>
      </div>
    </main>
  )
}

/** The folder a session lies in, without the way there. */
function folderOf(path: string): string {
  return path.split(/[\\/]/).at(-2) ?? ''
}

/** `today`, `yesterday` or the day, in the system's language for dates. */
export function whenOpened(openedAt: string, now = new Date()): string {
  const then = new Date(openedAt)
  if (Number.isNaN(then.getTime())) return ''
  const dayOf = (date: Date): number => Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / 86_400_000)
  const days = dayOf(now) - dayOf(then)
  if (days <= 0) return 'today'
  if (days === 1) return 'yesterday'
  return then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...(then.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) })
}
