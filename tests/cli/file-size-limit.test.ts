import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { script } from './command-line'

const resources = fileURLToPath(new URL('../../resources/', import.meta.url))

/** A limit on file size as some disks and accounts have it; only a Unix shell can set one. */
describe.skipIf(process.platform === 'win32')('where no large file can be written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-limit-'))
  afterAll(() => { rmSync(folder, { recursive: true }) })

  it('extract says so instead of naming a system call, and goes on where there is room', () => {
    const data = join(folder, 'statements.csv')
    writeFileSync(data, readFileSync(join(resources, 'samples/atlas-truth/city-statements.csv'), 'utf8').split('\n').slice(0, 301).join('\n'))
    const extract = ['extract', join(resources, 'models/atlas-lm'), data, '--text', 'statement', '--sites', 'hook_embed', '--out', join(folder, 'out'), '--json']
    const limited = spawnSync('bash', ['-c', 'trap "" XFSZ; ulimit -f 100; exec "$@"', 'bash', process.execPath, script, ...extract], { encoding: 'utf8' })
    expect(limited.status).toBe(1)
    expect(JSON.parse(limited.stdout)).toMatchObject({ error: { code: 'file-too-large', hint: expect.stringContaining('FAT32') as string } })
    const free = spawnSync(process.execPath, [script, ...extract], { encoding: 'utf8' })
    expect(free.status).toBe(0)
    expect(JSON.parse(free.stdout)).toMatchObject({ rows: 300 })
  })
})
