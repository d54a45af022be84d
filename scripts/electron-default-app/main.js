/**
 * What Electron's own default app does for `electron [-r MODULE] APP_FOLDER …`: loads the app whose folder the
 * command line names. Packed as `default_app.asar` into the assembled runtime, which comes without one.
 * Electron holds `ready` back until this module has finished, hence the awaits at top level.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app, dialog } from 'electron'

const [, ...args] = process.argv
const preloads = []
let appArgument
for (let at = 0; at < args.length; at++) {
  const argument = args[at]
  if (argument === '-r' || argument === '--require') preloads.push(args[++at])
  else if (!argument.startsWith('-')) {
    appArgument = argument
    break
  }
}

for (const preload of preloads) createRequire(join(process.cwd(), 'x.js'))(preload)

if (appArgument === undefined) fail('Name the folder of an app: electron FOLDER')
else await load(resolve(appArgument))

async function load(path) {
  if (!existsSync(path)) return fail(`There is no app at ${path}.`)
  let entry = path
  if (statSync(path).isDirectory()) {
    const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
    if (manifest.version) app.setVersion(manifest.version)
    app.name = manifest.productName ?? manifest.name ?? app.name
    app.setPath('userData', join(app.getPath('appData'), app.name))
    app.setAppPath(path)
    entry = join(path, manifest.main ?? 'index.js')
  }
  if (!existsSync(entry)) return fail(`The app's entry ${entry} is missing: build it first.`)
  await import(pathToFileURL(entry).href)
}

function fail(message) {
  console.error(message)
  dialog.showErrorBox('Electron', message)
  process.exit(1)
}
