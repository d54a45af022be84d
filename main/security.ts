import { app, session } from 'electron'
import { pageOrigin } from './protocol'

/** Schemes the window itself needs; everything else, the network included, is refused. */
const localSchemes: ReadonlySet<string> = new Set(['app:', 'blob:', 'data:', 'devtools:'])

function isLocalUrl(url: string): boolean {
  try {
    const { protocol } = new URL(url)
    return localSchemes.has(protocol)
  } catch {
    return false
  }
}

export function isPageUrl(url: string): boolean {
  return url === pageOrigin || url.startsWith(`${pageOrigin}/`)
}

/** Nothing a page could do makes a request leave the machine, a window open, or a permission be granted. */
export function lockDown(): void {
  const { defaultSession } = session
  defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  defaultSession.setPermissionCheckHandler(() => false)
  defaultSession.setDevicePermissionHandler(() => false)
  defaultSession.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isLocalUrl(details.url) }))
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
    contents.on('will-navigate', (event) => { if (!isPageUrl(event.url)) event.preventDefault() })
    contents.on('will-frame-navigate', (event) => { if (!isPageUrl(event.url)) event.preventDefault() })
    contents.on('will-attach-webview', (event) => event.preventDefault())
  })
}
