import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useNotices, withProgress } from '../../../renderer/state/notices'

const shown = () => useNotices.getState().notices.map(({ error, progress }) => ({ message: error.message, progress }))

describe('a notice of work that takes a while', () => {
  beforeEach(() => { vi.useFakeTimers() })
  afterEach(() => { vi.useRealTimers() })

  it('comes up after a glance, follows the work, and goes with it', async () => {
    let report = (_done: number, _total: number): void => undefined
    let finish = (_value: string): void => undefined
    const work = withProgress('Opening…', (hears) => {
      report = hears
      return new Promise<string>((resolve) => { finish = resolve })
    })
    vi.advanceTimersByTime(300)
    expect(shown()).toEqual([])
    vi.advanceTimersByTime(200)
    expect(shown()).toEqual([{ message: 'Opening…', progress: null }])
    report(30, 120)
    expect(shown()).toEqual([{ message: 'Opening…', progress: 0.25 }])
    finish('done')
    expect(await work).toBe('done')
    expect(shown()).toEqual([])
  })

  it('stops the work when it is cancelled, and never comes up for what is quick', async () => {
    const slow = withProgress('Exporting…', (_report, signal) => new Promise<void>((_resolve, reject) => { signal.addEventListener('abort', () => reject(new Error('stopped'))) }))
    vi.advanceTimersByTime(500)
    useNotices.getState().notices[0]?.actions[0]?.run()
    await expect(slow).rejects.toThrow('stopped')
    expect(shown()).toEqual([])
    await withProgress('Quick', () => Promise.resolve())
    vi.advanceTimersByTime(1000)
    expect(shown()).toEqual([])
  })
})
