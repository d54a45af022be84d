#!/usr/bin/env node
/**
 * `npm run workbench`: from a fresh clone to the window, each step done only when it is needed.
 * This file and what it imports at the top are parsed by whatever Node there is (18 and newer), so that it can say
 * which one is needed.
 */
import { explain, nodeProblem } from './remedy.mjs'
import { parseArguments, usage } from './workbench-options.mjs'

async function main() {
  const problem = nodeProblem(process.versions.node)
  if (problem !== null) throw problem
  // npm changes to the checkout and remembers where the person was.
  const options = parseArguments(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd())
  if (options === 'help') {
    console.log(usage)
    return 0
  }
  const log = (/** @type {string} */ line) => console.log(line)
  const { ensureBuilt, ensureInstalled } = await import('./prepare.mjs')
  log(`Node ${process.versions.node}.`)
  log(`Dependencies: ${await ensureInstalled({ log })}.`)
  log(`Build: ${await ensureBuilt({ log })}.`)
  if (options.screenshot !== null) return (await import('./window-screenshot.mjs')).saveScreenshot({ ...options, screenshot: options.screenshot }, log)
  const { hasDisplay } = await import('./virtual-display.mjs')
  if (options.headless || !hasDisplay()) {
    if (!options.headless) log('No display here (DISPLAY and WAYLAND_DISPLAY are unset): running without a window.')
    return (await import('./headless-run.mjs')).runHeadless(options, log)
  }
  return (await import('./open-window.mjs')).openWindow(options, log)
}

main().then((code) => { process.exitCode = code }, (error) => {
  explain(error)
  process.exitCode = 1
})
