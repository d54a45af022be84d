import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** The built program. */
export const script = fileURLToPath(new URL('../../out/main/cli.js', import.meta.url))
export const shared = fileURLToPath(new URL('../../../shared/', import.meta.url))
export const sharedPresent = existsSync(shared)

export interface Ended { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** The built command line in a process of its own. */
export function start(args: readonly string[], onStderr: (text: string, child: ChildProcessByStdio<null, Readable, Readable>) => void = () => undefined, cwd?: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      onStderr(stderr, child)
    })
    child.on('error', reject)
    child.on('close', code => { resolve({ code, stdout, stderr }) })
  })
}
