import { Dialog } from '../components'
import { useStartup } from '../state/start'
import { closeOverlay, useOverlay } from './overlay'
import './About.css'

/** What the window is built on, each under its licence. */
const parts: readonly (readonly [name: string, license: string])[] = [
  ['Electron', 'MIT'], ['ONNX Runtime', 'MIT'], ['DuckDB', 'MIT'], ['React', 'MIT'], ['Radix UI', 'MIT'], ['cmdk', 'MIT'], ['zustand', 'MIT'], ['zod', 'MIT'],
  ['umap-js', 'MIT'], ['plotly.js', 'MIT'], ['three.js', 'MIT'], ['D3', 'ISC'], ['TanStack Table and Virtual', 'MIT'], ['Lucide', 'ISC'], ['Inter', 'OFL 1.1']
]

export function AboutDialog(): React.JSX.Element {
  const open = useOverlay(({ overlay }) => overlay === 'about')
  const version = useStartup(({ info }) => info?.version)
  return (
    <Dialog open={open} onOpenChange={(next) => { if (!next) closeOverlay() }} title="About Layerscope" width={480}
      description={<>Version {version}. See layer by layer what a local transformer model represents. Nothing leaves this machine.</>}>
      <p className="About-license">Licensed under Apache 2.0. It stands on:</p>
      <dl className="About-parts">{parts.map(([name, license]) => <div key={name}><dt>{name}</dt><dd>{license}</dd></div>)}</dl>
    </Dialog>
  )
}
