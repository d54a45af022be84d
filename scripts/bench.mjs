#!/usr/bin/env node
/**
 * `npm run bench [names…]`: runs tests/bench/NAME.bench.ts one after another, each in a fresh process, so that time
 * and peak memory are its own. A file exports `title` and `bench(print)`.
 * With BENCH_PYTHON naming an interpreter, the benchmarks add the peers in Python that they know of.
 */
import { spawn } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { explain, nodeProblem, RemediableError } from './remedy.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'tests', 'bench')
const suffix = '.bench.ts'

async function main() {
  const problem = nodeProblem(process.versions.node)
  if (problem !== null) throw problem
  const log = (/** @type {string} */ line) => console.log(line)
  const { ensureBuilt, ensureInstalled } = await import('./prepare.mjs')
  await ensureInstalled({ log })
  await ensureBuilt({ log })

  const all = (await readdir(folder)).filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length)).sort()
  const asked = process.argv.slice(2)
  const unknown = asked.filter((name) => !all.includes(name))
  if (unknown.length > 0) throw new RemediableError(`There is no benchmark ${unknown.join(', ')}.`, `There are: ${all.join(', ')}.`)

  let failed = 0
  for (const name of asked.length > 0 ? asked : all) {
    const entry = await bundle(name)
    const code = await run(entry)
    if (code !== 0) {
      failed++
      console.error(`${name} ended with code ${code}.`)
    }
  }
  return failed === 0 ? 0 : 1
}

/**
 * Compiles one benchmark with what it imports of ours into one JavaScript file; packages stay where they are.
 * Compiled beforehand, the process that is measured holds no compiler.
 * @param {string} name
 * @returns {Promise<string>} path of the program
 */
async function bundle(name) {
  const { build } = await import('vite')
  // Inside the checkout, so that packages are found.
  const outDir = join(root, 'out', 'bench', name)
  await mkdir(outDir, { recursive: true })
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    plugins: [keepSourceLocations],
    build: { ssr: join(folder, `${name}${suffix}`), outDir, emptyOutDir: true, target: 'node20.19', minify: false, rolldownOptions: { output: { format: 'es', entryFileNames: 'bench.mjs' } } }
  })
  const program = join(outDir, 'run.mjs')
  await writeFile(program, runner)
  return program
}

/** Code that looks for files beside itself looks beside its source: workers, fixtures, `../shared`. */
const keepSourceLocations = {
  name: 'keep-source-locations',
  enforce: /** @type {const} */ ('pre'),
  /**
   * @param {string} code
   * @param {string} id
   */
  transform(code, id) {
    const path = id.replace(/\?.*$/, '')
    if (path.includes('node_modules') || !code.includes('import.meta.')) return null
    const code2 = code
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
      .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
      .replaceAll('import.meta.filename', JSON.stringify(path))
    return { code: code2, map: null }
  }
}

/** What the fresh process does; VmHWM because Linux's maxRSS begins with that of the process that started it. */
const runner = `import { readFileSync } from 'node:fs'
import { title, bench } from './bench.mjs'

const started = performance.now()
console.log('\\n── ' + title)
await bench((line) => console.log('   ' + line))
const peak = process.platform === 'linux'
  ? Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  : process.resourceUsage().maxRSS
console.log('   ' + ((performance.now() - started) / 1000).toFixed(1) + ' s in all, peak memory ' + (peak / 1024).toFixed(0) + ' MB')
// Workers that a benchmark left running must not hold the next one back.
process.exit()
`

/** @param {string} program */
async function run(program) {
  const child = spawn(process.execPath, ['--expose-gc', program], { cwd: root, env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' }, stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

main().then((code) => { process.exitCode = code }, (error) => {
  explain(error)
  process.exitCode = 1
})
