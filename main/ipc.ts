import { ipcMain, type IpcMainInvokeEvent } from 'electron'
import { hostCallSchemas, hostChannel, type HostArguments, type HostCall } from '../preload/host-calls'
import { isPageUrl } from './security'

/** What `handle` needs to know of a sender; a window of ours or nothing. */
export interface Senders<W> {
  /** The window whose page sent the event; null for frames inside it and for anything that is not ours. */
  windowOf(event: IpcMainInvokeEvent): W | null
}

/** True when the frame that sent the event is the top frame of its page and shows one of our own pages. */
export function isOwnFrame(event: Pick<IpcMainInvokeEvent, 'senderFrame' | 'sender'>): boolean {
  const frame = event.senderFrame
  return frame !== null && frame === event.sender.mainFrame && isPageUrl(frame.url)
}

/**
 * Answers one call of the page. A sender that is not one of our windows, or arguments of another shape,
 * end in a rejection and reach no handler.
 */
export function handle<C extends HostCall, W>(senders: Senders<W>, call: C, answer: (window: W, ...args: HostArguments<C>) => unknown): void {
  ipcMain.handle(hostChannel(call), async (event, ...args: unknown[]) => {
    const window = isOwnFrame(event) ? senders.windowOf(event) : null
    if (window === null) throw new Error(`${call}: refused, the sender is not a window of this application`)
    const parsed = hostCallSchemas[call].safeParse(args)
    if (!parsed.success) throw new Error(`${call}: refused, the arguments have another shape`)
    return answer(window, ...(parsed.data as HostArguments<C>))
  })
}
