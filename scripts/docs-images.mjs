#!/usr/bin/env node
/**
 * `npm run docs-images`: the pictures of docs/, taken from the real window on the bundled sample.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright'
import { electronPath } from './electron-runtime.mjs'
import { chromiumSwitches } from './open-window.mjs'
import { ensureBuilt } from './prepare.mjs'
import { hasDisplay, startVirtualDisplay } from './virtual-display.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = join(root, 'docs/images')
const log = (/** @type {string} */ line) => console.log(line)

await ensureBuilt({ log })
const { path: executablePath } = await electronPath({ log })
const screen = hasDisplay() ? null : await startVirtualDisplay({ width: 1600, height: 1000 })
if (screen !== null) process.env['DISPLAY'] = screen.display
await mkdir(out, { recursive: true })
try {
  await withWindow([], async (page) => {
    await page.getByRole('heading', { name: /layer by layer/ }).waitFor()
    await save(page, 'welcome')
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('combobox').waitFor()
    await save(page, 'palette')
  })
  await withWindow(['--sample=atlas-truth'], async (page, resize) => {
    await page.locator('html[data-ready="true"]').waitFor({ state: 'attached', timeout: 240_000 })
    await save(page, 'workbench-light')
    await page.emulateMedia({ colorScheme: 'dark' })
    await save(page, 'workbench-dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await lasso(page)
    await page.getByRole('button', { name: 'Show in table' }).click()
    await save(page, 'selection')
    await resize(1024, 700)
    await save(page, 'narrow')
    await resize(1440, 900)
    await page.getByRole('button', { name: 'Choose columns', exact: true }).click()
    await page.getByRole('dialog').waitFor()
    await save(page, 'columns')
    await page.keyboard.press('Escape')
    await page.keyboard.press('ControlOrMeta+j')
    await page.getByRole('tab', { name: 'Compare' }).click()
    await page.getByRole('radio', { name: 'Similarity' }).click()
    await page.getByRole('tabpanel').getByRole('grid').waitFor({ timeout: 60_000 })
    await save(page, 'compare')
    await page.getByRole('tab', { name: 'Positions' }).click()
    await page.getByRole('button', { name: /^Read \d+ positions$/ }).click()
    await page.getByRole('button', { name: 'All read' }).waitFor({ timeout: 240_000 })
    await save(page, 'positions')
    await page.keyboard.press('ControlOrMeta+o')
    await page.getByRole('dialog').getByRole('option').first().waitFor({ timeout: 60_000 })
    await save(page, 'models')
  })
  await withWindow(['--open', await recipeOfMethods()], async (page) => {
    await page.getByRole('button', { name: /^Run / }).click()
    await page.locator('html[data-ready="true"]').waitFor({ state: 'attached', timeout: 240_000 })
    await page.getByRole('tab', { name: 'Overview' }).click()
    await save(page, 'overview')
    await page.keyboard.press('Shift+C')
    await page.getByRole('dialog').getByRole('row', { name: /DeLong/ }).waitFor()
    await save(page, 'card')
  })
  await withWindow(['--sample=minilm-latitude'], async (page) => {
    await page.locator('html[data-ready="true"]').waitFor({ state: 'attached', timeout: 240_000 })
    await page.getByRole('tab', { name: 'Map' }).click()
    await save(page, 'map')
  })
} finally {
  await screen?.stop()
}

/** @typedef {import('playwright').Page} Page */

/**
 * @param {readonly string[]} args
 * @param {(page: Page, resize: (width: number, height: number) => Promise<void>) => Promise<void>} use
 */
async function withWindow(args, use) {
  const userData = await mkdtemp(join(tmpdir(), 'layerscope-pictures-'))
  const app = await _electron.launch({
    executablePath, cwd: root, timeout: 60_000,
    args: [...chromiumSwitches(true, () => {}), '--enable-unsafe-swiftshader', `--user-data-dir=${userData}`, root, ...args],
    env: /** @type {Record<string, string>} */ ({ ...process.env, LAYERSCOPE_USER_DATA: userData })
  })
  try {
    const page = await app.firstWindow({ timeout: 60_000 })
    const window = await app.browserWindow(page)
    const resize = async (/** @type {number} */ width, /** @type {number} */ height) => {
      await window.evaluate((browserWindow, size) => { browserWindow.setContentSize(size.width, size.height) }, { width, height })
    }
    await resize(1440, 900)
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await use(page, resize)
  } finally {
    app.process().kill('SIGKILL')
    await rm(userData, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The sample's recipe with several methods, its paths made absolute; written where it does no harm. */
async function recipeOfMethods() {
  const folder = join(root, 'resources/samples/atlas-truth')
  const recipe = JSON.parse(await readFile(join(folder, 'recipe.json'), 'utf8'))
  recipe.model.path = join(folder, recipe.model.path)
  recipe.dataset.path = join(folder, recipe.dataset.path)
  recipe.dataset.roles.test = null
  recipe.probe = { methods: ['logistic', 'mass-mean', 'mass-mean-covariance', 'lda', 'nearest-centroid'] }
  const path = join(await mkdtemp(join(tmpdir(), 'layerscope-recipe-')), 'methods.json')
  await writeFile(path, JSON.stringify(recipe))
  return path
}

/**
 * A lasso around the upper half of the cloud.
 * @param {Page} page
 */
async function lasso(page) {
  await page.keyboard.press('l')
  const box = await page.getByRole('region', { name: 'Projection' }).locator('canvas').first().boundingBox()
  if (box === null) throw new Error('The cloud is not there.')
  const [left, right, top, bottom] = [box.x + 0.25 * box.width, box.x + 0.97 * box.width, box.y + 30, box.y + 0.5 * box.height]
  await page.mouse.move(left, bottom)
  await page.mouse.down()
  for (const [x, y] of [[left, top], [right, top], [right, bottom]]) await page.mouse.move(x ?? 0, y ?? 0, { steps: 8 })
  await page.mouse.up()
}

/**
 * @param {Page} page
 * @param {string} name
 */
async function save(page, name) {
  await page.mouse.move(2, 2)
  // Frames of a change that is under way are no picture of the window.
  await page.waitForTimeout(700)
  await page.screenshot({ path: join(out, `${name}.png`), animations: 'disabled' })
  console.log(`docs/images/${name}.png`)
}
