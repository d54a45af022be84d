import { randomBytes } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { extname, join, relative, resolve, sep } from 'node:path'

/** The only origin of this application's pages. */
export const pageOrigin = 'app://layerscope'
export const pageUrl = `${pageOrigin}/index.html`

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.wasm': 'application/wasm'
}

/**
 * What the page may load and run: its own files, and style elements that carry this load's nonce.
 * Style attributes set by scripts (`element.style`) need no permission; those in markup get none.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "worker-src 'self' blob:",
    "connect-src 'self' blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join('; ')
}

/** The file that a page URL names under `root`; null for anything outside of it, however it is spelled. */
export function pageFile(root: string, url: string): string | null {
  let parsed: URL
  let path: string
  try {
    parsed = new URL(url)
    path = decodeURIComponent(parsed.pathname)
  } catch {
    return null
  }
  if (`${parsed.protocol}//${parsed.host}` !== pageOrigin) return null
  // After one decoding nothing may be left that a later step could read as a way up or as another root.
  if (/[\0\\%]|^\/\/|(^|\/)\.\.?(\/|$)/.test(path)) return null
  const file = resolve(root, `.${path}`)
  return isInside(root, file) && file !== resolve(root) ? file : null
}

function isInside(root: string, file: string): boolean {
  const way = relative(resolve(root), file)
  return way !== '..' && !way.startsWith(`..${sep}`) && resolve(root, way) === file
}

/** Answers a request for a page file: the file with its policy, or 404. */
export async function servePage(root: string, url: string): Promise<Response> {
  const file = pageFile(root, url)
  const type = file && contentTypes[extname(file)]
  if (!file || !type) return notFound()
  try {
    // A link inside the folder must not lead out of it.
    if (!isInside(await realpath(root), await realpath(file))) return notFound()
    const body = await readFile(file)
    const headers = { 'content-type': type, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' }
    if (extname(file) !== '.html') return new Response(new Uint8Array(body), { headers })
    const nonce = randomBytes(16).toString('base64')
    const page = body.toString('utf8').replaceAll('__CSP_NONCE__', nonce)
    return new Response(page, { headers: { ...headers, 'content-security-policy': contentSecurityPolicy(nonce) } })
  } catch {
    return notFound()
  }
}

function notFound(): Response {
  return new Response('Not found', { status: 404, headers: { 'content-type': 'text/plain' } })
}

/** Where the built page lies, seen from the built main process. */
export function pageRoot(mainFolder: string): string {
  return join(mainFolder, '..', 'renderer')
}
