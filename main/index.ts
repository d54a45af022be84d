import { app, protocol } from 'electron'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startArguments } from './arguments'
import { Host } from './host'
import { pathKind } from './path-kind'
import { pageRoot, servePage } from './protocol'
import { readSamples } from './samples'
import { lockDown } from './security'
import { SettingsFile } from './settings'

const mainFolder = fileURLToPath(new URL('.', import.meta.url))

app.setName('Layerscope')
app.setPath('userData', process.env['LAYERSCOPE_USER_DATA'] ?? join(app.getPath('appData'), 'Layerscope'))
// As root Chromium starts only without its sandbox, asked for by this switch; windows still ask for it one by one.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }])

/** The command line without the program and, when run from source, the application's folder. */
function ownArguments(argv: readonly string[]): readonly string[] {
  const args = argv.slice(1)
  if (app.isPackaged) return args
  const folder = args.findIndex((argument) => !argument.startsWith('-'))
  return args.filter((_, index) => index !== folder)
}

if (app.requestSingleInstanceLock()) void run()
else app.quit()

async function run(): Promise<void> {
  // A Mac tells of files before the application is ready.
  const early: string[] = []
  let openPath = (path: string): void => { early.push(path) }
  app.on('open-file', (event, path) => {
    event.preventDefault()
    openPath(path)
  })

  await app.whenReady()
  lockDown()
  protocol.handle('app', (request) => servePage(pageRoot(mainFolder), request.url))

  const [settings, samples] = await Promise.all([
    SettingsFile.open(join(app.getPath('userData'), 'settings.json')),
    readSamples(join(app.isPackaged ? process.resourcesPath : app.getAppPath(), app.isPackaged ? 'samples' : 'resources/samples'))
  ])
  const host = new Host({ mainFolder, settings, samples })
  openPath = (path) => void host.openPath(path)

  app.on('second-instance', (_event, argv, folder) => {
    const wanted = startArguments(ownArguments(argv), folder)
    if (wanted.open !== null) openPath(wanted.open)
    else if (wanted.sample !== null || !host.focusAny()) host.open({ open: null, sample: wanted.sample })
  })
  app.on('activate', () => { if (!host.focusAny()) host.open({ open: null, sample: null }) })
  app.on('window-all-closed', () => { if (process.platform !== 'darwin') app.quit() })

  let flushed = false
  app.on('will-quit', (event) => {
    if (flushed) return
    event.preventDefault()
    void host.quit().finally(() => {
      flushed = true
      app.quit()
    })
  })

  const wanted = startArguments(ownArguments(process.argv), process.cwd())
  const path = wanted.open ?? early.shift() ?? null
  host.open({ open: path === null ? null : await pathKind(path), sample: path === null ? wanted.sample : null })
  for (const further of early) openPath(further)
}
