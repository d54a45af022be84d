import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOCK_FILE, lockFolder } from '../../main/engine/folder-lock'

const inUse = { code: 'in-use', message: 'Someone else has it.' }

describe('lock of a folder', () => {
  let root = ''
  beforeAll(async () => { root = await mkdtemp(join(tmpdir(), 'layerscope-lock-')) })
  afterAll(async () => { await rm(root, { recursive: true }) })
  const fresh = () => mkdtemp(join(root, 'folder-'))

  it('goes to one of three who ask in the same moment', async () => {
    // A lock whose holder had made the file but not yet written into it was once taken for a dead one, in one round of ten.
    for (let round = 0; round < 100; round++) {
      const folder = await fresh()
      const asked = await Promise.allSettled([1, 2, 3].map(() => lockFolder(folder, inUse)))
      expect(asked.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
    }
  })

  it('is waited for where the caller has patience, and no longer', async () => {
    const folder = await fresh()
    const first = await lockFolder(folder, inUse)
    await expect(lockFolder(folder, inUse)).rejects.toMatchObject({ report: inUse })
    await expect(lockFolder(folder, inUse, 120)).rejects.toMatchObject({ report: inUse })
    const second = lockFolder(folder, inUse, 60_000)
    await first.release()
    await (await second).release()
  })

  it('left empty by a writer that died is taken over after a while', async () => {
    const folder = await fresh()
    await writeFile(join(folder, LOCK_FILE), '')
    await expect(lockFolder(folder, inUse)).rejects.toMatchObject({ report: inUse })
    const then = new Date(Date.now() - 60_000)
    await utimes(join(folder, LOCK_FILE), then, then)
    await (await lockFolder(folder, inUse)).release()
  })
})
