import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright'
import { build } from 'vite'
import { electronPath } from '../../scripts/electron-runtime.mjs'

export const title = 'Drawing 50,000 points'

interface Drawn { readonly median: number; readonly worst: number }
interface Result { readonly pan: Drawn; readonly move: Drawn; readonly upload: Drawn; readonly plain: Drawn }

/** Pans and moves 50,000 points in a real window, beside a plain 2D canvas in the same page. Without a graphics card this measures software drawing. */
export async function bench(print: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'layerscope-bench-'))
  try {
    await build({
      configFile: false, logLevel: 'warn', root: folder,
      build: {
        outDir: folder, emptyOutDir: false, target: 'chrome130',
        lib: { entry: fileURLToPath(new URL('../renderer/cloud-bench-page.ts', import.meta.url)), formats: ['iife'], name: 'cloudPage', fileName: () => 'page.js' }
      }
    })
    await writeFile(join(folder, 'index.html'), '<!doctype html><body><script src="page.js"></script>')
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'bench', main: 'main.cjs' }))
    await writeFile(join(folder, 'main.cjs'), "const { app, BrowserWindow } = require('electron')\napp.whenReady().then(() => new BrowserWindow({ width: 1000, height: 700 }).loadFile('index.html'))\n")
    const { path } = await electronPath()
    const app = await _electron.launch({ executablePath: path, args: ['--no-sandbox', '--enable-unsafe-swiftshader', `--user-data-dir=${join(folder, 'data')}`, folder], timeout: 60_000 })
    try {
      const page = await app.firstWindow()
      await page.waitForLoadState('load')
      const { pan, move, upload, plain } = await page.evaluate('benchCloud(50000, 60)') as Result
      const write = (name: string, { median, worst }: Drawn): void => print(`${name.padEnd(34)} ${median.toFixed(1)} ms a frame, worst ${worst.toFixed(1)} ms, ${(plain.median / median).toFixed(1)}× the plain canvas`)
      write('pan and zoom (uniforms only)', pan)
      write('moving between layers', move)
      write('new positions (upload and draw)', upload)
      write('plain 2D canvas', plain)
    } finally {
      await app.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
