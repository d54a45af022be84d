/** A buffer that a graph names as the location of an initializer. */
export interface MemoryInitializer {
  readonly path: string
  readonly data: Uint8Array
}
