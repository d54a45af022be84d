import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkSharedLibraries, electronPath } from '../../scripts/electron-runtime.mjs'

describe('electronPath with ELECTRON_OVERRIDE_DIST_PATH', () => {
  let folder = ''
  const before = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'layerscope-electron-'))
    process.env['ELECTRON_OVERRIDE_DIST_PATH'] = folder
  })
  afterEach(async () => {
    if (before === undefined) delete process.env['ELECTRON_OVERRIDE_DIST_PATH']
    else process.env['ELECTRON_OVERRIDE_DIST_PATH'] = before
    await rm(folder, { recursive: true, force: true })
  })

  it.skipIf(process.platform !== 'linux')('takes the Electron of that folder and says so in one line', async () => {
    await writeFile(join(folder, 'electron'), '')
    await chmod(join(folder, 'electron'), 0o755)
    await writeFile(join(folder, 'version'), 'v45.4.1\n')
    const lines: string[] = []
    expect(await electronPath({ log: (line) => { lines.push(line) } })).toEqual({ path: join(folder, 'electron'), version: '45.4.1', source: 'override' })
    expect(lines).toEqual(['Electron 45.4.1, from ELECTRON_OVERRIDE_DIST_PATH.'])
  })
  it('says what is wrong with a folder that holds none', async () => {
    await expect(electronPath()).rejects.toThrow(folder)
  })
})

describe('checkSharedLibraries', () => {
  it('has nothing to say about a program that starts here', async () => {
    await expect(checkSharedLibraries(process.execPath)).resolves.toBeUndefined()
  })
})
