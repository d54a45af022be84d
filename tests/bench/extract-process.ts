import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Extracted { readonly rows: number; readonly tokens: number; readonly paddedTokens: number; readonly seconds: number; readonly rowsPerSecond: number; readonly peakMegabytes: number }

/** The built command line in a process of its own, so that peak memory is that of an extraction and nothing else. */
export async function extractWithCommandLine(root: string, model: string, data: string, out: string): Promise<Extracted> {
  const child = spawn(process.execPath, [join(root, 'out/main/cli.js'), 'extract', model, data, '--text', 'statement', '--out', out, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let peakKilobytes = 0
  // The kernel's own high-water mark, read until the process is gone.
  const timer = setInterval(() => {
    try {
      peakKilobytes = Math.max(peakKilobytes, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1] ?? 0))
    } catch { /* Not Linux, or gone already. */ }
  }, 20)
  let json = ''
  for await (const text of child.stdout.setEncoding('utf8')) json += String(text)
  clearInterval(timer)
  const result = JSON.parse(json) as Omit<Extracted, 'peakMegabytes'>
  return { ...result, peakMegabytes: peakKilobytes / 1024 }
}
