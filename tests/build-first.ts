import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Tests of code that starts workers use the built workers: build them from the source under test. */
export default function buildFirst(): void {
  if (process.env['LAYERSCOPE_BUILT'] === '1') return
  const root = fileURLToPath(new URL('..', import.meta.url))
  execFileSync(process.execPath, ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'], { cwd: root, stdio: 'inherit' })
}
