/** What travels over the port: requests with their id in one direction, their events and their end in the other. */
import { z } from 'zod'
import type { ErrorReport } from './errors'
import type { RequestName } from './requests'

export type PageMessage =
  | { readonly kind: 'request'; readonly id: number; readonly name: RequestName; readonly params: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  /** The page has drawn the last frame of request `id`: the next one may come. */
  | { readonly kind: 'ack'; readonly id: number }

export type EngineMessage =
  | { readonly kind: 'event'; readonly id: number; readonly event: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorReport }

export const pageMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('request'), id: z.int(), name: z.string(), params: z.unknown() }),
  z.object({ kind: z.literal('cancel'), id: z.int() }),
  z.object({ kind: z.literal('ack'), id: z.int() })
])
