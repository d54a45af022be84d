import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/**
 * Threads for matrix products: one per physical core this process may use.
 * ONNX Runtime's own default counts the machine's cores, not a container's share of them.
 */
export function matrixThreads(): number {
  const usable = availableParallelism()
  if (process.platform !== 'linux') return usable
  try {
    const cores = new Set<string>()
    for (const block of readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')) {
      const physical = /^physical id\s*:\s*(\d+)/m.exec(block)?.[1]
      const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1]
      if (physical !== undefined && core !== undefined) cores.add(`${physical}:${core}`)
    }
    return Math.max(1, cores.size === 0 ? usable : Math.min(usable, cores.size))
  } catch {
    return usable
  }
}
