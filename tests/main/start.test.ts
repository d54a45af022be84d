import { describe, expect, it, vi } from 'vitest'
import { startArguments } from '../../main/arguments'
import { Grants } from '../../main/grants'
import { accelerator, menuTemplate } from '../../main/menu'
import { commandTable } from '../../preload/commands'

describe('startArguments', () => {
  it.each([
    [[], { sample: null, open: null }],
    [['--sample'], { sample: '', open: null }],
    [['--sample=truth', '--inspect=0'], { sample: 'truth', open: null }],
    [['--no-sandbox', 'My run.layerscope'], { sample: null, open: '/here/My run.layerscope' }],
    [['--open', '../data.csv'], { sample: null, open: '/data.csv' }],
    [['--open=/models/m.onnx'], { sample: null, open: '/models/m.onnx' }],
    [['--open'], { sample: null, open: null }]
  ])('%j', (args, expected) => {
    expect(startArguments(args, '/here')).toEqual(expected)
  })
})

describe('Grants', () => {
  it('cover a path and what is below it, and nothing beside it', () => {
    const announced = vi.fn()
    const grants = new Grants(announced)
    grants.add('/models/minilm')
    grants.add('/models/minilm/')
    expect(announced.mock.calls).toEqual([['/models/minilm']])
    expect(['/models/minilm', '/models/minilm/onnx/model.onnx', '/models/minilm/..data'].map((path) => grants.has(path))).toEqual([true, true, true])
    expect(['/models', '/models/minilm2', '/models/minilm/../gpt2', '/'].map((path) => grants.has(path))).toEqual([false, false, false, false])
  })
})

describe('menuTemplate', () => {
  const run = vi.fn()
  const openRecent = vi.fn()
  const items = (enabled: readonly string[], onMac = false): Electron.MenuItemConstructorOptions[] =>
    menuTemplate([{ path: '/a/Run.layerscope', name: 'Run', openedAt: '' }], new Set(enabled), onMac, { run, openRecent, clearRecent: vi.fn() })
      .flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))

  it('holds every command once', () => {
    const ids = items([]).flatMap(({ id }) => (id === undefined ? [] : [id]))
    expect([...ids].sort()).toEqual(commandTable.map(({ id }) => id).sort())
    expect(new Set(commandTable.map(({ shortcut }) => shortcut).filter(Boolean)).size).toBe(commandTable.filter(({ shortcut }) => shortcut).length)
  })

  it('enables what the page says, and main’s own commands always', () => {
    const find = (id: string, enabled: readonly string[]): boolean | undefined => items(enabled).find((item) => item.id === id)?.enabled
    expect([find('run.start', []), find('run.start', ['run.start']), find('window.new', [])]).toEqual([false, true, true])
  })

  it('runs the command that was picked and opens recent sessions', () => {
    const all = items(['run.start'])
    const click = (item: Electron.MenuItemConstructorOptions | undefined): unknown => item?.click?.(undefined as never, undefined, undefined as never)
    click(all.find(({ id }) => id === 'run.start'))
    expect(run).toHaveBeenCalledWith(expect.objectContaining({ id: 'run.start' }))
    const recent = all.find(({ label }) => label === 'Open recent')?.submenu
    click(Array.isArray(recent) ? recent[0] : undefined)
    expect(openRecent).toHaveBeenCalledWith('/a/Run.layerscope')
  })

  it('leaves keys without a modifier to the page', () => {
    expect(items([]).find(({ id }) => id === 'layer.next')?.accelerator).toBeUndefined()
    expect(accelerator('Mod+Shift+S')).toBe('CommandOrControl+Shift+S')
    expect(accelerator('Mod+=')).toBe('CommandOrControl+Plus')
  })
})
