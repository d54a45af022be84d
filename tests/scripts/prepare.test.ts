import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashOf, holdsAll } from '../../scripts/prepare.mjs'

describe('hashOf', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'layerscope-hash-'))
    await mkdir(join(folder, 'main', 'engine'), { recursive: true })
    await writeFile(join(folder, 'main', 'index.ts'), 'one')
    await writeFile(join(folder, 'main', 'engine', 'index.ts'), 'two')
    await writeFile(join(folder, 'package-lock.json'), '{}')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const sources = ['main', 'package-lock.json', 'absent']

  it('stays the same when files are only touched', async () => {
    const before = await hashOf(sources, folder)
    await writeFile(join(folder, 'main', 'index.ts'), 'one')
    expect(await hashOf(sources, folder)).toBe(before)
  })
  it('changes with a content, deep down too', async () => {
    const before = await hashOf(sources, folder)
    await writeFile(join(folder, 'main', 'engine', 'index.ts'), 'twp')
    expect(await hashOf(sources, folder)).not.toBe(before)
  })
  it('changes with a name', async () => {
    const before = await hashOf(sources, folder)
    await rename(join(folder, 'main', 'index.ts'), join(folder, 'main', 'indey.ts'))
    expect(await hashOf(sources, folder)).not.toBe(before)
  })
  it('does not change with what is not asked for', async () => {
    const before = await hashOf(sources, folder)
    await writeFile(join(folder, 'README.md'), 'hello')
    expect(await hashOf(sources, folder)).toBe(before)
  })
})

describe('holdsAll', () => {
  const lock = { packages: { '': {}, 'node_modules/react': { version: '19.3.1' }, 'node_modules/only-mac': { version: '1.0.0', optional: true } } }
  it('accepts what npm installed, optional packages left out', () => {
    expect(holdsAll(lock, { packages: { 'node_modules/react': { version: '19.3.1' } } })).toBe(true)
  })
  it('refuses another version', () => {
    expect(holdsAll(lock, { packages: { 'node_modules/react': { version: '19.3.0' } } })).toBe(false)
  })
  it('refuses a missing package', () => {
    expect(holdsAll(lock, { packages: {} })).toBe(false)
  })
})
