/**
 * The real window under Playwright: starting it, and what a person does to it that Playwright has no call for.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test as base, _electron, expect } from '@playwright/test'
import type { ElectronApplication, Locator, Page } from '@playwright/test'
import { electronPath } from '../../scripts/electron-runtime.mjs'

export { expect }

const checkout = fileURLToPath(new URL('../..', import.meta.url))

export interface LaunchOptions {
  /** Arguments of the app itself, such as `--sample=atlas-truth` or `--open`, `PATH`. */
  readonly args?: readonly string[]
  /** Folder of settings and recent files, to start twice on the same one; a fresh one otherwise, removed with the test. */
  readonly userData?: string
  readonly env?: Readonly<Record<string, string>>
  /** Folder of the app; the checkout unless a test brings its own. */
  readonly app?: string
}

export interface LaunchedApp {
  readonly app: ElectronApplication
  /** The first window. */
  readonly page: Page
  readonly userData: string
  /** Quits as a person does, and kills what does not end within ten seconds. */
  close(): Promise<void>
}

export interface ElectronFixtures {
  launch(options?: LaunchOptions): Promise<LaunchedApp>
}

/** Playwright's `test` with `launch`; every app it started is closed when the test ends. */
export const test = base.extend<ElectronFixtures>({
  launch: async ({}, use) => {
    const started: LaunchedApp[] = []
    await use(async (options = {}) => {
      const launched = await startApp(options)
      started.push(launched)
      return launched
    })
    for (const launched of started) await launched.close()
  }
})

/** Starts the app for several tests that share it (`beforeAll`); the caller closes it, which removes settings that were not its own. */
export async function startApp(options: LaunchOptions = {}): Promise<LaunchedApp> {
  const userData = options.userData ?? await mkdtemp(join(tmpdir(), 'layerscope-e2e-'))
  const launched = await launchApp(userData, options)
  return {
    ...launched,
    close: async () => {
      await launched.close()
      if (options.userData === undefined) await rm(userData, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

async function launchApp(userData: string, options: LaunchOptions): Promise<LaunchedApp> {
  const { path } = await electronPath()
  const app = await _electron.launch({
    executablePath: path,
    // Swiftshader: WebGL without a graphics card. The sandbox cannot start as root, nor in most containers.
    args: ['--no-sandbox', '--enable-unsafe-swiftshader', `--user-data-dir=${userData}`, options.app ?? checkout, ...options.args ?? []],
    cwd: checkout,
    env: { ...inheritedEnvironment(), LAYERSCOPE_USER_DATA: userData, ...options.env },
    timeout: 60_000
  })
  const page = await app.firstWindow({ timeout: 60_000 })
  if (options.app === undefined) await whenListening(page)
  let closing: Promise<void> | undefined
  return { app, page, userData, close: () => (closing ??= closeApp(app)) }
}

/** Keys and drops that come before the page listens are lost: its frame stands, and two frames later its listeners do. */
async function whenListening(page: Page): Promise<void> {
  await page.locator('.StatusBar').waitFor({ timeout: 60_000 })
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)) }))
}

/** What the tests were started with, less what would change Electron itself. */
function inheritedEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && name !== 'ELECTRON_RUN_AS_NODE' && name !== 'NODE_OPTIONS') environment[name] = value
  }
  return environment
}

async function closeApp(app: ElectronApplication): Promise<void> {
  const child = app.process()
  if (child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  try {
    await app.close()
  } catch {
    // It went away by itself: a test that kills it, or a crash that the test has seen.
  } finally {
    clearTimeout(timer)
  }
}

/** The signal that the page has drawn what it was started with (see `document.documentElement.dataset.ready`). */
export async function whenReady(page: Page, timeoutMs = 60_000): Promise<void> {
  // A selector needs no eval, which the page's content policy forbids.
  await page.locator('html[data-ready="true"]').waitFor({ state: 'attached', timeout: timeoutMs })
}

/**
 * Drags files or folders from outside over `target` (its middle) and, unless `hover`, drops them: trusted events,
 * real paths. Synthetic `File` objects would have none.
 */
export async function dropFiles(page: Page, target: Locator, paths: readonly string[], step: 'drop' | 'hover' = 'drop'): Promise<void> {
  const box = await target.boundingBox()
  if (box === null) throw new Error('The drop target is not visible.')
  const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  const session = await page.context().newCDPSession(page)
  try {
    for (const type of step === 'drop' ? ['dragEnter', 'dragOver', 'drop'] as const : ['dragEnter', 'dragOver'] as const) {
      await session.send('Input.dispatchDragEvent', { type, ...place, data: { items: [], files: [...paths], dragOperationsMask: 1 } })
    }
  } finally {
    await session.detach()
  }
}

/** The next open dialogs answer with these paths; an empty list answers as Cancel does. */
export async function answerOpenDialog(app: ElectronApplication, paths: readonly string[]): Promise<void> {
  await app.evaluate(({ dialog }, filePaths) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: filePaths.length === 0, filePaths })
  }, [...paths])
}

/** The next save dialogs answer with this path; null answers as Cancel does. */
export async function answerSaveDialog(app: ElectronApplication, path: string | null): Promise<void> {
  await app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: filePath === null, filePath: filePath ?? '' })
  }, path)
}

/** The next message boxes answer with the button of this index and show nothing; `messageBoxesAsked` tells what they asked. */
export async function answerMessageBox(app: ElectronApplication, button: number): Promise<void> {
  await app.evaluate(({ dialog }, response) => {
    const asked: string[] = []
    Object.assign(globalThis, { messageBoxesAsked: asked })
    dialog.showMessageBox = (...given: unknown[]) => {
      asked.push((given.at(-1) as Electron.MessageBoxOptions).message)
      return Promise.resolve({ response, checkboxChecked: false })
    }
    dialog.showMessageBoxSync = () => response
  }, button)
}

/** What message boxes asked since `answerMessageBox`. */
export async function messageBoxesAsked(app: ElectronApplication): Promise<readonly string[]> {
  return app.evaluate(() => (globalThis as { messageBoxesAsked?: string[] }).messageBoxesAsked ?? [])
}

/** Counts how often the window of `page` is brought to the front from now on; ask with the function that comes back. */
export async function countFocus(app: ElectronApplication, page: Page): Promise<() => Promise<number>> {
  const window = await app.browserWindow(page)
  await window.evaluate((browserWindow) => {
    const focus = browserWindow.focus.bind(browserWindow)
    Object.assign(browserWindow, { focusCalls: 0, focus() { (browserWindow as unknown as { focusCalls: number }).focusCalls++; focus() } })
  })
  return () => window.evaluate((browserWindow) => (browserWindow as unknown as { focusCalls: number }).focusCalls)
}

/** What main had sent to the page has reached it, and is drawn: messages arrive in order. */
export async function whenAnswered(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await window.layerscope.loadLayout()
    await new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)) })
  })
}

/** Light or dark, as the system's setting would. Both the page's media query and Electron's own theme. */
export async function setColorScheme(app: ElectronApplication, page: Page, scheme: 'light' | 'dark'): Promise<void> {
  await app.evaluate(({ nativeTheme }, source) => { nativeTheme.themeSource = source }, scheme)
  await page.emulateMedia({ colorScheme: scheme })
}

/** Size of the page in CSS pixels, by resizing the real window. */
export async function setWindowSize(app: ElectronApplication, page: Page, width: number, height: number): Promise<void> {
  const window = await app.browserWindow(page)
  await window.evaluate((browserWindow, size) => {
    if (browserWindow.isMaximized()) browserWindow.unmaximize()
    browserWindow.setContentSize(size.width, size.height)
  }, { width, height })
  await expect.poll(() => page.evaluate(() => [innerWidth, innerHeight])).toEqual([width, height])
}
