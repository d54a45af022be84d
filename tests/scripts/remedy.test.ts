import { describe, expect, it } from 'vitest'
import { aptCommand, debianPackages, electronProblem, missingLibraries, nodeProblem, npmProblem } from '../../scripts/remedy.mjs'

describe('nodeProblem', () => {
  it.each(['20.19.0', '20.20.2', '22.12.0', '23.0.0', '24.1.0', '26.0.0'])('accepts %s', (version) => {
    expect(nodeProblem(version)).toBeNull()
  })
  it.each(['18.20.4', '20.9.0', '20.18.3'])('refuses %s with what is needed and what there is', (version) => {
    const problem = nodeProblem(version)
    expect(problem?.message).toBe(`Node 20.19 or newer is needed; you have ${version}.`)
    expect(problem?.remedy).toContain('nodejs.org')
  })
  it.each(['21.7.3', '22.11.0'])('refuses %s, newer but unsupported by the build tool', (version) => {
    expect(nodeProblem(version)?.message).toBe(`Node 20.19, or 22.12 or newer, is needed; you have ${version}.`)
  })
})

describe('missingLibraries', () => {
  it('reads the loader\'s complaint', () => {
    expect(missingLibraries('/x/electron: error while loading shared libraries: libnss3.so: cannot open shared object file: No such file or directory')).toEqual(['libnss3.so'])
  })
  it('reads ldd, each library once', () => {
    expect(missingLibraries('\tlibgtk-3.so.0 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\tlibgbm.so.1 => not found\n\tlibgbm.so.1 => not found\n')).toEqual(['libgtk-3.so.0', 'libgbm.so.1'])
  })
})

describe('electronProblem', () => {
  it('names the missing library and the Debian packages', () => {
    const problem = electronProblem('electron: error while loading shared libraries: libatk-1.0.so.0: cannot open')
    expect(problem?.message).toContain('libatk-1.0.so.0')
    expect(problem?.remedy).toContain(aptCommand(debianPackages))
  })
  it('names the way round a forbidden sandbox', () => {
    expect(electronProblem('FATAL:setuid_sandbox_host.cc(158)] The SUID sandbox helper binary was found, but is not configured correctly.')?.remedy).toContain('--no-sandbox')
  })
  it('recognises a display that cannot be opened', () => {
    expect(electronProblem('[1:1:ERROR:ozone_platform_x11.cc(244)] Missing X server or $DISPLAY')?.message).toBe('The display cannot be opened.')
  })
  it('claims nothing about what it does not know', () => {
    expect(electronProblem('Segmentation fault')).toBeNull()
  })
})

describe('npmProblem', () => {
  it.each([
    ['npm error code ENOTFOUND\nnpm error syscall getaddrinfo', 'registry cannot be reached', 'proxy'],
    ['npm error code ENOSPC', 'disk is full', 'Free'],
    ['npm error code EACCES', 'may not be written', 'belong to you'],
    ['npm error code EINTEGRITY', 'damaged', 'cache clean'],
    ['npm error code EUSAGE\n`npm ci` can only install packages when your package.json and package-lock.json are in sync', 'disagree', 'npm install']
  ])('%s', (output, message, remedy) => {
    const problem = npmProblem(output, 'npm ci')
    expect(problem.message).toContain(message)
    expect(problem.remedy).toContain(remedy)
  })
  it('quotes the end of what it does not know', () => {
    expect(npmProblem('first\nnpm error something else', 'npm ci').message).toContain('npm error something else')
  })
})
