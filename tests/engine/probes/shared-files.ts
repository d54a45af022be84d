import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readSafetensors } from '../../bench/safetensors-file'

/** A file of the reference folder beside the checkout. */
export function sharedFile(path: string): string {
  return fileURLToPath(new URL(`../../../../shared/${path}`, import.meta.url))
}

/** True, with a printed line, where the reference folder is not there and the test cannot run. */
export function missing(path: string): boolean {
  const absent = !existsSync(sharedFile(path))
  if (absent) console.log(`skipped: ../shared/${path} is not beside this checkout`)
  return absent
}

export function fixtureTensors(name: 'inputs' | 'expected'): ReturnType<typeof readSafetensors> {
  return readSafetensors(readFileSync(sharedFile(`reference/fixtures/${name}.safetensors`)))
}

/** Columns of a CSV of `../shared/data/truth` by name; quoted fields are unquoted. */
export function truthCsv(name: string): ReadonlyMap<string, readonly string[]> {
  const lines = readFileSync(sharedFile(`data/truth/${name}.csv`), 'utf8').trim().split(/\r?\n/).map(fields)
  const [header = [], ...rows] = lines
  return new Map(header.map((column, i) => [column, rows.map(row => row[i] ?? '')]))
}

function fields(line: string): string[] {
  return [...line.matchAll(/("([^"]|"")*"|[^,]*)(,|$)/g)].slice(0, line.split(',').length)
    .map(match => match[1] ?? '').map(field => field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field)
}
