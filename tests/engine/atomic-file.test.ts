import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { replaceFile, writeFileAtomically } from '../../main/engine/atomic-file'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerscope-atomic-'))
  file = join(folder, 'a')
  await writeFile(file, 'old')
})

describe('a file that is replaced', () => {
  it('is the new content, with nothing beside it', async () => {
    await writeFileAtomically(file, 'new')
    expect(await readFile(file, 'utf8')).toBe('new')
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('stays the old content until the new one is whole', async () => {
    await replaceFile(file, async (beside) => {
      await beside.writeFile('new')
      expect(await readFile(file, 'utf8')).toBe('old')
    })
    expect(await readFile(file, 'utf8')).toBe('new')
  })

  it('stays as it was, with nothing beside it, where writing fails half-way', async () => {
    const half = replaceFile(file, async (beside) => {
      await beside.writeFile('ne')
      throw new Error('no space left')
    })
    await expect(half).rejects.toThrow('no space left')
    expect(await readFile(file, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('is not made below a file', async () => {
    await expect(writeFileAtomically(join(file, 'below-a-file'), 'new')).rejects.toThrow()
    expect(await readFile(file, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['a'])
  })
})
