import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

interface LockedPackage { readonly version?: string; readonly optionalDependencies?: Readonly<Record<string, string>> }

const lock = JSON.parse(readFileSync(fileURLToPath(new URL('../../package-lock.json', import.meta.url)), 'utf8')) as { readonly packages: Readonly<Record<string, LockedPackage>> }

describe('package-lock.json', () => {
  // npm leaves out of the lock file what the registry did not have when it was written, without a word;
  // `npm ci` then refuses the file, and only in a clone without node_modules.
  it('holds the binaries of every platform', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {})
        .filter((name) => !foldersAbove(path).some((folder) => `${folder}node_modules/${name}` in lock.packages))
        .map((name) => `${name}, wanted by ${path}`))
    expect(missing).toEqual([])
  })
})

/** Where Node looks for packages from `a/node_modules/b`: `a/node_modules/b/`, `a/`, and the top. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/node_modules/')
  return ['', ...parts.map((_, index) => `${parts.slice(0, index + 1).join('/node_modules/')}/`)]
}
