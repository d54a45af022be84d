import { checkSharedLibraries, electronPath } from '../../scripts/electron-runtime.mjs'
import { ensureBuilt } from '../../scripts/prepare.mjs'
import { hasDisplay, startVirtualDisplay } from '../../scripts/virtual-display.mjs'

/**
 * Builds what changed, gets Electron, and gives the tests a display where the machine has none.
 * Test workers are started after it and inherit DISPLAY.
 */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const log = (line: string): void => console.log(line)
  await ensureBuilt({ log })
  await checkSharedLibraries((await electronPath({ log })).path)
  if (hasDisplay()) return async () => {}
  const screen = await startVirtualDisplay()
  process.env['DISPLAY'] = screen.display
  return screen.stop
}
