import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EngineHost, mostDeaths } from '../../main/engine-host'

/** A process as the host sees it; the real one needs Electron and is killed in the end-to-end tests. */
class RecordedProcess extends EventEmitter {
  readonly messages: unknown[] = []
  killed = false
  postMessage(message: unknown, transfer?: readonly string[]): void { this.messages.push(transfer ? [message, ...transfer] : message) }
  kill(): boolean {
    this.killed = true
    this.emit('exit', 15)
    return true
  }
}

function setUp(): { host: EngineHost<string>; processes: RecordedProcess[]; events: string[]; latest: () => RecordedProcess } {
  const processes: RecordedProcess[] = []
  const events: string[] = []
  const host = new EngineHost<string>({
    temporaryRoot: '/tmp/unsaved',
    fork: () => {
      const process = new RecordedProcess()
      processes.push(process)
      return process
    },
    grants: () => ['/models', '/data'],
    onOffer: (paths) => events.push(`offered ${paths.join()}`),
    onStopped: (reason) => events.push(`stopped: ${reason}`),
    onFailed: (reason) => events.push(`failed: ${reason}`),
    onReady: (generation) => events.push(`ready ${generation}`)
  })
  return { host, processes, events, latest: () => processes.at(-1) ?? new RecordedProcess() }
}

describe('EngineHost', () => {
  beforeEach(() => { vi.useFakeTimers() })
  afterEach(() => { vi.useRealTimers() })

  it('tells a fresh engine where to work and what it may read, before it is called ready', () => {
    const { host, latest, events } = setUp()
    host.start()
    expect(host.connect('early')).toBe(false)
    latest().emit('spawn')
    expect(latest().messages).toEqual([{ kind: 'init', temporaryRoot: '/tmp/unsaved' }, { kind: 'grant', path: '/models' }, { kind: 'grant', path: '/data' }])
    expect(events).toEqual(['ready 1'])
    expect(host.connect('port')).toBe(true)
    host.grant('/more')
    expect(latest().messages.slice(3)).toEqual([[{ kind: 'connect' }, 'port'], { kind: 'grant', path: '/more' }])
  })

  it('passes on what the engine found and nothing else', () => {
    const { host, latest, events } = setUp()
    host.start()
    for (const message of [{ kind: 'offer', paths: ['/models/a.gguf'] }, { kind: 'offer', paths: [3] }, { kind: 'grant', path: '/' }, null]) latest().emit('message', message)
    expect(events).toEqual(['offered /models/a.gguf'])
  })

  it('starts another engine when one dies, waiting longer each time', () => {
    const { host, processes, latest, events } = setUp()
    host.start()
    for (const delay of [250, 500, 1000]) {
      latest().emit('spawn')
      latest().emit('exit', 9)
      const before = processes.length
      vi.advanceTimersByTime(delay - 1)
      expect(processes).toHaveLength(before)
      vi.advanceTimersByTime(1)
      expect(processes).toHaveLength(before + 1)
    }
    expect(events).toEqual(['ready 1', 'stopped: The engine stopped unexpectedly (code 9).', 'ready 2', 'stopped: The engine stopped unexpectedly (code 9).', 'ready 3', 'stopped: The engine stopped unexpectedly (code 9).'])
    latest().emit('spawn')
    expect(latest().messages).toContainEqual({ kind: 'grant', path: '/data' })
  })

  it('waits the shortest delay again after an engine that lived', () => {
    const { host, processes, latest } = setUp()
    host.start()
    for (let death = 0; death < 3; death++) {
      latest().emit('spawn')
      latest().emit('exit', 1)
      vi.advanceTimersByTime(8000)
    }
    latest().emit('spawn')
    vi.advanceTimersByTime(20_000)
    latest().emit('exit', 1)
    const before = processes.length
    vi.advanceTimersByTime(250)
    expect(processes).toHaveLength(before + 1)
  })

  it('gives up on an engine that keeps dying, and starts one when asked to', () => {
    const { host, processes, latest, events } = setUp()
    host.start()
    // Each lives long enough to be called healthy, as one does that a run kills after half a minute.
    for (let death = 0; death < mostDeaths; death++) {
      latest().emit('spawn')
      vi.advanceTimersByTime(30_000)
      latest().emit('exit', 134)
      vi.advanceTimersByTime(10_000)
    }
    expect(events.at(-1)).toBe('failed: The engine stopped unexpectedly (code 134).')
    expect(host.failure).toBe('The engine stopped unexpectedly (code 134).')
    vi.advanceTimersByTime(3_600_000)
    expect(processes).toHaveLength(mostDeaths)
    expect(host.connect('port')).toBe(false)

    host.restart()
    host.restart()
    expect(processes).toHaveLength(mostDeaths + 1)
    latest().emit('spawn')
    expect(events.at(-1)).toBe(`ready ${mostDeaths + 1}`)
    expect(host.failure).toBeNull()
    // The count begins anew.
    latest().emit('exit', 1)
    vi.advanceTimersByTime(250)
    expect(processes).toHaveLength(mostDeaths + 2)
  })

  it('never gives up on an engine that dies now and then', () => {
    const { host, processes, latest } = setUp()
    host.start()
    for (let death = 0; death < 3 * mostDeaths; death++) {
      latest().emit('spawn')
      vi.advanceTimersByTime(150_001)
      latest().emit('exit', 1)
      vi.advanceTimersByTime(250)
    }
    expect(processes).toHaveLength(3 * mostDeaths + 1)
  })

  it('lets the engine end by itself and starts no other', async () => {
    const { host, processes, latest } = setUp()
    host.start()
    latest().emit('spawn')
    const stopped = host.stop()
    expect(latest().messages.at(-1)).toEqual({ kind: 'stop' })
    latest().emit('exit', 0)
    await stopped
    vi.advanceTimersByTime(60_000)
    expect(processes).toHaveLength(1)
    expect(latest().killed).toBe(false)
  })

  it('kills an engine that does not end', async () => {
    const { host, latest } = setUp()
    host.start()
    latest().emit('spawn')
    const stopped = host.stop()
    vi.advanceTimersByTime(4_000)
    await stopped
    expect(latest().killed).toBe(true)
  })
})
