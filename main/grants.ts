import { relative, resolve, sep } from 'node:path'

/**
 * Paths the person pointed at: in a dialog, by dropping, on the command line, from the recent list,
 * or bundled with the application. A grant covers the path and everything below it.
 */
export class Grants {
  private readonly paths = new Set<string>()

  /** `announce` tells the engine of each new grant. */
  constructor(private readonly announce: (path: string) => void) {}

  add(path: string): void {
    const absolute = resolve(path)
    if (this.paths.has(absolute)) return
    this.paths.add(absolute)
    this.announce(absolute)
  }

  has(path: string): boolean {
    const absolute = resolve(path)
    for (const granted of this.paths) {
      const way = relative(granted, absolute)
      if (way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && resolve(granted, way) === absolute)) return true
    }
    return false
  }

  /** For an engine that starts anew. */
  all(): readonly string[] {
    return [...this.paths]
  }
}
