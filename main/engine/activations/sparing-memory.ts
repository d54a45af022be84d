import { setFlagsFromString } from 'node:v8'

let working = 0

/**
 * Has V8 look for dead strings sooner, in every thread, until `work` has ended. Rows of a dataset are strings that live for a batch, of which
 * the heap would otherwise gather tens of megabytes a thread; numbers lie in typed arrays outside it. Not for the whole process: layouts and
 * fits, which keep few strings, take a quarter longer under it.
 */
export async function sparingMemory<T>(work: () => Promise<T>): Promise<T> {
  if (working++ === 0) setFlagsFromString('--optimize-for-size')
  try {
    return await work()
  } finally {
    if (--working === 0) setFlagsFromString('--no-optimize-for-size')
  }
}
