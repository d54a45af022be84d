import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { SettingsFile } from '../../main/settings'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerscope-settings-'))
  file = join(folder, 'deep', 'settings.json')
})

describe('SettingsFile', () => {
  it('comes back as it was left', async () => {
    const settings = await SettingsFile.open(file)
    settings.change({ window: { x: 10, y: 20, width: 1200, height: 800, maximized: true }, theme: 'dark', layout: { leftOpen: false }, modelFolders: ['/models'] })
    settings.remember('/runs/A.layerscope', 'A', '2026-01-01T00:00:00Z')
    await settings.flush()
    expect((await SettingsFile.open(file)).get()).toEqual(settings.get())
    expect(await readdir(join(folder, 'deep'))).toEqual(['settings.json'])
  })

  it('keeps a session once, newest first, twelve at most', async () => {
    const settings = await SettingsFile.open(file)
    for (let index = 0; index < 15; index++) settings.remember(`/${index}`, String(index), '')
    settings.remember('/10', 'ten', '')
    expect(settings.get().recent.map(({ path }) => path)).toEqual(['/10', '/14', '/13', '/12', '/11', '/9', '/8', '/7', '/6', '/5', '/4', '/3'])
    settings.forget('/14')
    expect(settings.get().recent[1]?.path).toBe('/13')
    await settings.flush()
  })

  it.each(['', '{"window": ', 'null', '[]', '{"window": {"width": -1}, "recent": [{"path": 3}], "theme": "sepia"}'])('starts afresh from %j', async (content) => {
    await writeFile(join(folder, 'settings.json'), content)
    expect((await SettingsFile.open(join(folder, 'settings.json'))).get()).toEqual({ version: 1, window: null, layout: {}, recent: [], modelFolders: [], theme: 'system' })
  })

  it('keeps the fields that are sound', async () => {
    await writeFile(join(folder, 'settings.json'), '{"theme": "light", "window": "large"}')
    expect((await SettingsFile.open(join(folder, 'settings.json'))).get()).toMatchObject({ theme: 'light', window: null })
  })
})
