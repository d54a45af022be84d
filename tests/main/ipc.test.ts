import { beforeEach, describe, expect, it, vi } from 'vitest'

type Handler = (event: unknown, ...args: unknown[]) => Promise<unknown>
const handlers = vi.hoisted(() => new Map<string, Handler>())
// Electron's own module exists only inside Electron; the registration is all that is used of it here.
vi.mock('electron', () => ({ ipcMain: { handle: (channel: string, handler: Handler) => handlers.set(channel, handler) }, app: {}, session: {} }))

const { handle, isOwnFrame } = await import('../../main/ipc')

interface FakeFrame { url: string }
const eventFrom = (url: string, { embedded = false, sender = {} as object } = {}): unknown => {
  const mainFrame: FakeFrame = { url: 'app://layerscope/index.html' }
  const senderFrame: FakeFrame | null = embedded ? { url } : Object.assign(mainFrame, { url })
  return { senderFrame, sender: Object.assign(sender, { mainFrame }) }
}

const ourWindow = { title: '' }
const ourContents = {}
const senders = { windowOf: (event: { sender: unknown }) => (event.sender === ourContents ? ourWindow : null) }

describe('handle', () => {
  const answer = vi.fn((_window: object, name: string, edited: boolean) => `${name} ${edited}`)
  beforeEach(() => {
    answer.mockClear()
    handle(senders, 'setTitle', answer)
  })
  const call = (event: unknown, ...args: unknown[]): Promise<unknown> => {
    const handler = handlers.get('host:setTitle')
    if (!handler) throw new Error('not registered')
    return handler(event, ...args)
  }

  it('answers the top frame of a window of ours', async () => {
    await expect(call(eventFrom('app://layerscope/index.html', { sender: ourContents }), 'Cities', true, null)).resolves.toBe('Cities true')
    expect(answer).toHaveBeenCalledWith(ourWindow, 'Cities', true, null)
  })

  it.each([
    ['another origin in our window', eventFrom('https://example.com/', { sender: ourContents })],
    ['an origin that only begins alike', eventFrom('app://layerscope.evil/index.html', { sender: ourContents })],
    ['a frame inside our page', eventFrom('app://layerscope/index.html', { embedded: true, sender: ourContents })],
    ['contents that are no window of ours', eventFrom('app://layerscope/index.html')],
    ['a frame that is gone', { senderFrame: null, sender: ourContents }]
  ])('refuses %s', async (_name, event) => {
    await expect(call(event, 'Cities', true, null)).rejects.toThrow('refused, the sender')
    expect(answer).not.toHaveBeenCalled()
  })

  it.each([[['Cities']], [['Cities', 'yes', null]], [['Cities', true, null, 'more']], [[{ toString: 'x' }, true, null]]])('refuses the arguments %j', async (args) => {
    await expect(call(eventFrom('app://layerscope/index.html', { sender: ourContents }), ...args)).rejects.toThrow('refused, the arguments')
    expect(answer).not.toHaveBeenCalled()
  })

  it('knows its own frames', () => {
    expect(isOwnFrame(eventFrom('app://layerscope/index.html') as never)).toBe(true)
    expect(isOwnFrame(eventFrom('file:///tmp/index.html') as never)).toBe(false)
  })
})
