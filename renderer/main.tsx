import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import './components/base.css'
import { followCommands, isCommandId, runCommand } from './commands'
import { loadPlotly } from './plots'
import { loadPointCloud } from './projection'
import { loadLayout } from './state/layout'
import { noticeError } from './state/notices'
import { start } from './state/start'

const root = document.getElementById('root')
if (!root) throw new Error('The page has no root element')

// Panels come up at their remembered sizes: the layout is there before the first paint.
await loadLayout()
document.documentElement.dataset['platform'] = navigator.platform.startsWith('Mac') ? 'darwin' : 'other'
createRoot(root).render(<StrictMode><App /></StrictMode>)
followCommands()
// The drawing libraries take a tenth of a second to evaluate: now, while nothing runs that it would hold up.
const drawing = Promise.all([loadPlotly(), loadPointCloud()]).catch(noticeError)
start((command) => { if (isCommandId(command)) runCommand(command) }, drawing).catch((error: unknown) => noticeError(error))
