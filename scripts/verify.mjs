#!/usr/bin/env node
/**
 * `npm run verify`: every check there is, in one command. Prepares like the workbench, then lint, types, unit and
 * integration tests, and the tests in the real window; closes with one line that counts them.
 */
import { spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { explain, nodeProblem, RemediableError } from './remedy.mjs'
import { countPlaywright, countVitest, nothing, selectedStages, stages, summaryLine, sum } from './test-counts.mjs'

/** @typedef {import('./test-counts.mjs').Counts} Counts */

const root = fileURLToPath(new URL('..', import.meta.url))
const reports = join(root, '.cache', 'verify')

async function main() {
  const problem = nodeProblem(process.versions.node)
  if (problem !== null) throw problem
  const selected = selectedStages(process.argv.slice(2))
  if (selected === null) throw new RemediableError('Unknown option.', `Usage: npm run verify [-- --only ${stages.join('|')}]`)

  const log = (/** @type {string} */ line) => console.log(line)
  const { ensureBuilt, ensureInstalled } = await import('./prepare.mjs')
  log(`Node ${process.versions.node}.`)
  log(`Dependencies: ${await ensureInstalled({ log })}.`)
  /** @type {(() => Promise<void>) | null} */
  let stopDisplay = null
  if (selected.some((stage) => stage !== 'lint')) {
    log(`Build: ${await ensureBuilt({ log })}.`)
    // Also before the unit tests: some use the graphics driver that lies in Electron's distribution.
    await (await import('./electron-runtime.mjs')).electronPath({ log })
    const { hasDisplay, startVirtualDisplay } = await import('./virtual-display.mjs')
    if (selected.includes('e2e') && !hasDisplay()) {
      const { display, stop } = await startVirtualDisplay()
      log(`Virtual display ${display}.`)
      process.env['DISPLAY'] = display
      stopDisplay = stop
    }
  }
  await rm(reports, { recursive: true, force: true })
  await mkdir(reports, { recursive: true })
  let counts = nothing
  try {
    for (const stage of selected) counts = sum(counts, await runStage(stage))
  } finally {
    await stopDisplay?.()
  }
  log(`\n${summaryLine(counts)}`)
  return counts.failed === 0 ? 0 : 1
}

/**
 * @param {import('./test-counts.mjs').Stage} stage
 * @returns {Promise<Counts>}
 */
async function runStage(stage) {
  switch (stage) {
    case 'lint': {
      const checks = [
        await runCheck('Lint', ['eslint/bin/eslint.js', '.']),
        await runCheck('Types of main, engine and scripts', ['typescript/bin/tsc', '-p', 'tsconfig.node.json']),
        await runCheck('Types of the page', ['typescript/bin/tsc', '-p', 'tsconfig.web.json']),
        await runCheck('Types of the tests in the window', ['typescript/bin/tsc', '-p', 'tsconfig.e2e.json'])
      ]
      return checks.reduce(sum, nothing)
    }
    case 'unit': return runTests('Unit and integration tests', ['vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${join(reports, 'vitest.json')}`], join(reports, 'vitest.json'), countVitest)
    case 'e2e': return runTests('Tests in the window', ['@playwright/test/cli.js', 'test', '--reporter=list,json'], join(reports, 'playwright.json'), countPlaywright)
  }
}

/**
 * A check that passes or fails as a whole; a pass is no test and counts nothing.
 * @param {string} title
 * @param {readonly string[]} script path in node_modules and arguments
 * @returns {Promise<Counts>}
 */
async function runCheck(title, script) {
  const started = Date.now()
  const code = await node(title, script)
  console.log(`${title}: ${code === 0 ? 'clean' : 'failed'} (${seconds(started)}).`)
  return code === 0 ? nothing : { ...nothing, failed: 1 }
}

/**
 * @param {string} title
 * @param {readonly string[]} script
 * @param {string} report
 * @param {(report: any) => Counts} count
 * @returns {Promise<Counts>}
 */
async function runTests(title, script, report, count) {
  const started = Date.now()
  const code = await node(title, script)
  const counts = await readFile(report, 'utf8').then((text) => count(JSON.parse(text)), () => nothing)
  console.log(`${title}: ${summaryLine(counts)} (${seconds(started)}).`)
  // A runner that fails without a failed test: it could not start, a file did not load, or nothing was found.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

/**
 * @param {string} title
 * @param {readonly string[]} script
 * @returns {Promise<number>} exit code
 */
async function node(title, [script = '', ...args]) {
  console.log(`\n── ${title}`)
  const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, LAYERSCOPE_BUILT: '1', PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'playwright.json') }
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

const seconds = (/** @type {number} */ started) => `${((Date.now() - started) / 1000).toFixed(1)} s`

main().then((code) => { process.exitCode = code }, (error) => {
  explain(error)
  console.log(`\n${summaryLine({ ...nothing, failed: 1 })}`)
  process.exitCode = 1
})
