import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shared, start } from './command-line'

const model = join(shared, 'models/minilm')
const data = join(shared, 'data/truth/cities.csv')
const present = existsSync(model)
if (!present) console.log('skipped: interruption tests need ../shared/models/minilm')

const journal = 'extraction.journal'
const limit = ['--text', 'statement', '--limit', '400', '--batch-tokens', '256', '--sites', 'blocks.5.block_out,hook_embed', '--json']

describe.skipIf(!present)('an extraction that is interrupted', () => {
  let folder = ''
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'kill-')) })
  afterAll(async () => { await rm(folder, { recursive: true }) })

  /** Calls back once the journal names a few finished batches. */
  async function whenUnderWay(out: string, act: () => void): Promise<void> {
    await expect.poll(async () => (await readFile(join(out, journal), 'utf8').catch(() => '')).split('\n').length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(4)
    act()
  }

  it.each([['SIGKILL', null], ['SIGINT', 4]] as const)('by %s goes on and ends with the same bytes', async (name, code) => {
    const [whole, stopped] = [join(folder, `whole ${name}`), join(folder, `stopped ${name}`)]
    expect((await start(['extract', model, data, ...limit, '--out', whole])).code).toBe(0)
    let acted = false
    const ended = await start(['extract', model, data, ...limit, '--out', stopped], (_text, child) => {
      if (acted) return
      acted = true
      void whenUnderWay(stopped, () => { child.kill(name) })
    })
    expect(ended.code).toBe(code)
    if (name === 'SIGINT') expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'cancelled' } })
    const batches = (await readFile(join(stopped, journal), 'utf8')).split('\n').slice(1, -1).map(line => JSON.parse(line) as { rows: number })
    const stored = batches.reduce((sum, { rows }) => sum + rows, 0)
    expect(stored).toBeGreaterThan(0)
    expect(stored).toBeLessThan(400)
    const again = await start(['extract', model, data, ...limit, '--out', stopped])
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ rows: 400, resumedRows: stored })
    for (const file of ['blocks.5.block_out.safetensors', 'hook_embed.safetensors', 'rows.safetensors']) {
      expect((await readFile(join(stopped, file))).equals(await readFile(join(whole, file)))).toBe(true)
    }
  })
})
