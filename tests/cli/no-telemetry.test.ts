import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { script } from './command-line'

const home = mkdtempSync(join(tmpdir(), 'layerscope-home-'))
afterAll(() => { rmSync(home, { recursive: true }) })

/** ONNX Runtime begins its reports by putting an identifier and what it will send into the cache folder of the user. */
it.runIf(process.platform !== 'win32').each([
  ['a model that is opened', ['info', fileURLToPath(new URL('../../resources/models/minilm', import.meta.url))]],
  ['the search for providers', ['providers']]
])('%s leaves no trace of telemetry in the home folder', (_what, args) => {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home }
  for (const name of ['ORT_DISABLE_TELEMETRY', 'XDG_CACHE_HOME']) Reflect.deleteProperty(env, name)
  const { status, stderr } = spawnSync(process.execPath, [script, ...args, '--json'], { env, encoding: 'utf8' })
  expect(stderr).not.toContain('error')
  expect(status).toBe(0)
  expect(readdirSync(home)).toEqual([])
})
