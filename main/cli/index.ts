#!/usr/bin/env node
/**
 * Entry of the command line: plain Node, no display. `layerscope --help` lists the commands.
 */
import { exitCodes, runCommandLine } from './program'

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // A second one does not wait for the batch that is running.
    if (interrupted.signal.aborted) process.exit(exitCodes.cancelled)
    interrupted.abort()
  })
}
// A reader that has seen enough (`| head`) closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(exitCodes.success) })

process.exitCode = await runCommandLine(process.argv.slice(2), interrupted.signal)
