import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const built = new URL('../../out/main/', import.meta.url)

/** Packages that a built file loads as it starts, with those of the chunks that it imports. */
function packagesOf(name: string, seen = new Set<string>()): ReadonlySet<string> {
  const packages = new Set<string>()
  for (const [, from = ''] of readFileSync(new URL(name, built), 'utf8').matchAll(/^import\b[^;]*?"([^"]+)";$/gm)) {
    if (!from.startsWith('./')) packages.add(from)
    else if (!seen.has(from)) packagesOf(from, seen.add(from)).forEach(each => packages.add(each))
  }
  return packages
}

it.each(['probe-worker.js', 'analysis-worker.js', 'projection-worker.js', 'model-worker.js'])('%s starts without the database and the drawing library', name => {
  const packages = packagesOf(name)
  expect(packages).toContain('onnxruntime-node')
  expect([...packages].filter(each => each.startsWith('@duckdb') || each.startsWith('@resvg'))).toEqual([])
})

it('the command line has the database', () => {
  expect(packagesOf('cli.js')).toContain('@duckdb/node-api')
})
