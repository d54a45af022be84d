/** At which token of a text something can be read: the map of positions and layers, its cards, and the session that keeps it. */
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { answerSaveDialog, expect, startApp, test, type LaunchedApp } from './electron'
import { runButton, selectedLayer, temporaryFolder, whenDone, writeRecipe, writeStatements } from './workbench'

test.describe.configure({ mode: 'serial' })

let files: Awaited<ReturnType<typeof temporaryFolder>>
let window: LaunchedApp
/** Cells of the map as written, read before the session is closed. */
let written: readonly string[]

test.beforeAll(async () => {
  files = await temporaryFolder()
  const data = await writeStatements(join(files.path, 'statements.csv'), 800)
  window = await startApp({ args: ['--open', await writeRecipe(join(files.path, 'positions.json'), data, { methods: ['logistic'], strengths: 4 })] })
  await expect(runButton(window.page)).toBeEnabled({ timeout: 60_000 })
  await runButton(window.page).click()
  await whenDone(window.page)
})

test.afterAll(async () => {
  await window?.close()
  await files?.remove()
})

const positions = (page: Page): Locator => page.getByRole('region', { name: 'Positions' })
/** A line of the table that is the map's twin, as numbers; `name` begins its first cell. */
async function line(page: Page, name: string): Promise<readonly number[]> {
  const row = positions(page).getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) })
  return (await row.getByRole('cell').allInnerTexts()).map((text) => Number.parseFloat(text))
}

test('before any is read the map holds the position of the run, and says what will be read', async () => {
  const { page } = window
  await page.getByRole('tab', { name: 'Positions' }).click()
  await expect(positions(page).getByText('One position so far')).toBeVisible()
  await expect(positions(page).getByRole('gridcell')).toHaveCount(8)
  // The last token is the run's own.
  await positions(page).getByRole('spinbutton', { name: 'Tokens counted back from the last' }).fill('4')
  await page.keyboard.press('Enter')
  await expect(positions(page).getByRole('button', { name: 'Read 5 positions' })).toBeEnabled()
})

test('reading can be stopped; the positions that come show where the truth appears', async () => {
  const { page } = window
  await positions(page).getByRole('button', { name: 'Read 5 positions' }).click()
  await expect(positions(page).getByRole('progressbar')).toBeVisible()
  await positions(page).getByRole('button', { name: 'Cancel' }).click()
  await positions(page).getByRole('button', { name: /^Read \d+ (more )?positions?$/ }).click()
  await expect(positions(page).getByRole('button', { name: 'All read' })).toBeVisible({ timeout: 120_000 })
  await expect(positions(page).getByRole('gridcell')).toHaveCount(48)
  await positions(page).getByRole('button', { name: 'Show as table' }).click()
  const [first, city, last] = [await line(page, 'first token'), await line(page, '3rd token before the last'), await line(page, 'last token')]
  // The first token is the same in every text: nothing can be told from it, at any layer.
  expect(new Set(first.slice(0, 8)).size).toBe(1)
  expect(first[6]).toBeLessThan(60)
  expect(city[6]).toBeLessThan(65)
  expect(last[6]).toBeGreaterThan(75)
  // Beside every line: shuffled labels and the majority class.
  expect(last).toHaveLength(10)
  expect(last[9]).toBe(50)
  await positions(page).getByRole('button', { name: 'Show as map' }).click()
})

test('a cell selects its layer and opens its card at its position', async () => {
  const { page } = window
  const grid = positions(page).getByRole('grid')
  await grid.focus()
  await page.keyboard.press('PageUp')
  await page.keyboard.press('Home')
  for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'Space']) await page.keyboard.press(key)
  await expect(selectedLayer(page)).toHaveText('layer 1')
  const tip = positions(page).locator('.HeatMapTip')
  await expect(tip).toContainText('3rd token before the last')
  await expect(tip).toContainText(/95 % interval\s*±/)
  await expect(tip).toContainText(/rows\s*800/)
  const shown = (await tip.locator('dd').first().innerText()).trim()
  await page.keyboard.press('Enter')
  const card = page.getByRole('dialog')
  await expect(card.getByRole('heading', { name: 'Layer 1 · last − 3 · logistic' })).toBeVisible()
  await expect(card.getByText('3rd token before the last, float32', { exact: false })).toBeAttached()
  await expect(card.locator('.CellCard-number')).toContainText(shown)
  const out = join(files.path, 'card')
  await answerSaveDialog(window.app, out)
  await card.getByRole('button', { name: 'Export card…' }).click()
  await expect(page.getByRole('region', { name: 'Notices' }).getByText(/^Wrote the card/)).toBeVisible({ timeout: 30_000 })
  expect(await readFile(join(out, 'card.md'), 'utf8')).toContain('that of the 3rd token before the last')
  await page.keyboard.press('Escape')
})

test('the map is exported as a figure and as a table', async () => {
  const { app, page } = window
  const menu = async (item: string, path: string): Promise<void> => {
    await answerSaveDialog(app, path)
    await positions(page).getByRole('button', { name: 'Copy and export' }).click()
    await page.getByRole('menuitem', { name: item }).click()
    await expect.poll(async () => (await stat(path).catch(() => null))?.size ?? 0).toBeGreaterThan(100)
  }
  await menu('Export values as CSV…', join(files.path, 'map.csv'))
  await menu('Export figure as SVG…', join(files.path, 'map.svg'))
  const lines = (await readFile(join(files.path, 'map.csv'), 'utf8')).trim().split(/\r?\n/)
  expect(lines).toHaveLength(7)
  expect(lines[0]).toMatch(/majority class/)
  expect(await readFile(join(files.path, 'map.svg'), 'utf8')).toContain('last − 3')
})

test('the session keeps the map: opened again it is there without its dataset', async () => {
  const { app, page } = window
  const saved = join(files.path, 'truth.layerscope')
  await answerSaveDialog(app, saved)
  await page.keyboard.press('ControlOrMeta+s')
  await expect(page.getByText('saved', { exact: false }).first()).toBeVisible()
  await expect.poll(async () => (await readdir(join(saved, 'runs/run-1/positions')).catch(() => [])).sort()).toEqual(['first', 'last-1', 'last-2', 'last-3', 'mean', 'positions.json'])
  written = await positions(page).getByRole('gridcell').evaluateAll((cells) => cells.map((cell) => cell.getAttribute('aria-label') ?? ''))
  await window.close()
  // Without its dataset nothing can be computed again: what is shown was kept.
  await rm(join(files.path, 'statements.csv'))
  window = await startApp({ args: ['--open', saved] })
  await window.page.getByRole('tab', { name: 'Positions' }).click({ timeout: 60_000 })
  await expect(positions(window.page).getByRole('gridcell')).toHaveCount(48)
  expect(await positions(window.page).getByRole('gridcell').evaluateAll((cells) => cells.map((cell) => cell.getAttribute('aria-label') ?? ''))).toEqual(written)
  await expect(positions(window.page).getByText(/^Open .*statements\.csv to read more positions of this run\.$/)).toBeVisible()
})
