import { resolve } from 'node:path'

/** What a start was asked to show. */
export interface StartArguments {
  /** Sample id; empty text takes the first sample; null runs none. */
  readonly sample: string | null
  /** Absolute path to open. */
  readonly open: string | null
}

/**
 * Reads `--sample[=id]`, `--open PATH` and a bare path; switches of Chromium and Electron pass by.
 * `args` is the command line without the program and the application's own folder.
 */
export function startArguments(args: readonly string[], folder: string): StartArguments {
  let sample: string | null = null
  let open: string | null = null
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? ''
    if (argument === '--sample') sample = ''
    else if (argument.startsWith('--sample=')) sample = argument.slice('--sample='.length)
    else if (argument.startsWith('--open=')) open = argument.slice('--open='.length)
    else if (argument === '--open') open = args[++index] ?? null
    else if (!argument.startsWith('-') && argument !== '') open = argument
  }
  return { sample, open: open === null ? null : resolve(folder, open) }
}
