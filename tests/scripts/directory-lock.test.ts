import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withDirectoryLock } from '../../scripts/directory-lock.mjs'

describe('withDirectoryLock', () => {
  let folder = ''
  let lock = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'layerscope-lock-'))
    lock = join(folder, 'deep', 'lock')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('lets one at a time work, and tells the other that it waits', async () => {
    let inside = 0
    let most = 0
    let waits = 0
    const work = async (): Promise<void> => {
      inside++
      most = Math.max(most, inside)
      await delay(50)
      inside--
    }
    await Promise.all([1, 2, 3].map(() => withDirectoryLock(lock, work, () => { waits++ })))
    expect(most).toBe(1)
    expect(waits).toBe(2)
  })
  it('lets go when the work fails', async () => {
    await expect(withDirectoryLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(lock)).toBe(false)
  })
  it('takes over from a process that died', async () => {
    const dead = spawnSync(process.execPath, ['-e', ''])
    await mkdir(lock, { recursive: true })
    await writeFile(join(lock, 'pid'), String(dead.pid))
    expect(await withDirectoryLock(lock, () => Promise.resolve('done'))).toBe('done')
  })
})
