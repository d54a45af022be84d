/** The overview of a sweep, the card of a cell, and the report written from it. */
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator } from '@playwright/test'
import { answerSaveDialog, expect, startApp, test, type LaunchedApp } from './electron'
import { layerStrip, selectedLayer, statement, temporaryFolder, whenDone, writeRecipe, writeStatements } from './workbench'

test.describe.configure({ mode: 'serial' })

let files: Awaited<ReturnType<typeof temporaryFolder>>
let window: LaunchedApp

test.beforeAll(async () => {
  files = await temporaryFolder()
  const data = await writeStatements(join(files.path, 'statements.csv'), 400)
  window = await startApp({ args: ['--open', await writeRecipe(join(files.path, 'methods.json'), data, { methods: ['logistic', 'mass-mean', 'nearest-centroid'], strengths: 4 })] })
  const run = window.page.getByRole('button', { name: /^(Run|Continue run)( Ctrl|$)/ })
  await expect(run).toBeEnabled({ timeout: 60_000 })
  await run.click()
  await whenDone(window.page)
})

test.afterAll(async () => {
  await window?.close()
  await files?.remove()
})

const card = () => window.page.getByRole('dialog')

test('the overview shows every method at every layer, selects a cell, and opens its card', async () => {
  const { page } = window
  await page.getByRole('tab', { name: 'Overview' }).click()
  const overview = page.getByRole('region', { name: 'Overview' })
  const grid = overview.getByRole('grid')
  await expect(grid.getByRole('gridcell')).toHaveCount(24)
  await expect(overview.getByText(/chosen on validation rows/)).toBeVisible()
  // Mass mean at the embedding: the second row, the first column.
  await grid.focus()
  await page.keyboard.press('PageUp')
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  await expect(selectedLayer(page)).toHaveText('embedding')
  await expect(layerStrip(page).getByRole('button', { name: /^mass mean/, pressed: true })).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(card().getByRole('heading', { name: 'Embedding · mass mean' })).toBeVisible()
  // Arrows go on through the layers while the card is open.
  await page.keyboard.press('ArrowRight')
  await expect(card().getByRole('heading', { name: 'Layer 0 · mass mean' })).toBeVisible()
  await page.keyboard.press('Escape')
  await overview.getByRole('button', { name: 'Show as table' }).click()
  await expect(overview.getByRole('table').getByRole('row')).toHaveCount(4)
  await overview.getByRole('button', { name: 'Show as map' }).click()
})

test('the card counts the errors that its score tells of, and compares the cell with another', async () => {
  const { page } = window
  await page.keyboard.press('c')
  await page.keyboard.press('Shift+C')
  await expect(card().getByText('chosen on validation rows').first()).toBeVisible()
  const [first, second] = await Promise.all([0, 1].map((row) => card().locator('.ConfusionTable tbody tr').nth(row).locator('td').allTextContents()))
  const [right, all] = [Number(first?.[0]) + Number(second?.[1]), [first?.[0], first?.[1], second?.[0], second?.[1]].reduce((sum, text) => sum + Number(text), 0)]
  expect(all).toBe(400)
  await expect(card().locator('.CellCard-number')).toContainText(`${(100 * right / all).toFixed(1)} %`)
  const compared = card().getByRole('row', { name: /^Accuracy .* bootstrap$/ })
  await expect(compared).toBeVisible({ timeout: 30_000 })
  await expect(card().getByRole('row', { name: /^AUROC .* DeLong$/ })).toBeVisible()
  await card().getByRole('combobox', { name: 'Compare with' }).click()
  await page.getByRole('option', { name: /^final norm, / }).first().click()
  await expect(compared).toContainText('points')
  await page.keyboard.press('Escape')
})

test('a double click in the strip opens the card too', async () => {
  const { page } = window
  await layerStrip(page).getByRole('slider', { name: 'Layer' }).dblclick({ position: { x: 80, y: 60 } })
  await expect(card().getByRole('heading', { name: /^Embedding · / })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(layerStrip(page).getByRole('slider', { name: 'Layer' })).toHaveAttribute('aria-valuetext', /^embedding, /)
})

test('code length and erasure are computed when asked for, can be stopped, and have tables', async () => {
  const { page } = window
  await page.keyboard.press('c')
  await page.keyboard.press('Shift+C')
  const [code, erasure] = [card().getByRole('region', { name: 'Code length' }), card().getByRole('region', { name: 'Erasure' })]
  await expect(code.getByText(/minimum description length/)).toBeVisible()
  await erasure.getByRole('button', { name: 'Erase and refit' }).click()
  await expect(erasure.getByRole('progressbar')).toBeVisible()
  await erasure.getByRole('button', { name: 'Cancel' }).click()
  await expect(erasure.getByRole('button', { name: 'Erase and refit' })).toBeVisible()
  await erasure.getByRole('button', { name: 'Erase and refit' }).click()
  await code.getByRole('button', { name: 'Compute code length' }).click()
  const labels = code.getByRole('row', { name: /^labels/ })
  await expect(labels).toBeVisible({ timeout: 60_000 })
  expect(Number.parseFloat(await labels.getByRole('cell').nth(1).innerText())).toBeGreaterThan(1)
  const uniform = code.getByRole('row', { name: /^uniform code/ })
  await expect(uniform).toContainText('4001.00 ×')
  // LEACE leaves what the most frequent class gives, and nothing else.
  const leace = erasure.getByRole('row', { name: /^LEACE 1/ })
  await expect(leace).toBeVisible({ timeout: 60_000 })
  const shareOf = async (row: Locator, cell: number): Promise<string> => (await row.getByRole('cell').nth(cell).evaluate((element) => element.firstChild?.textContent ?? '')).trim()
  expect(await shareOf(leace, 1)).toBe(await shareOf(erasure.getByRole('row', { name: /^majority class/ }), 1))
  await expect(erasure.getByRole('img', { name: /^Accuracy by directions taken out\. LEACE, 1 direction/ })).toBeVisible()
  await erasure.getByRole('button', { name: 'Show as table' }).click()
  await expect(erasure.getByRole('row', { name: /^INLP, 2 / })).toBeVisible()
  await code.getByRole('button', { name: 'Show as table' }).click()
  await expect(code.getByRole('columnheader', { name: 'Rows seen' })).toBeVisible()
  await code.getByRole('button', { name: 'Show as chart' }).click()
  await page.keyboard.press('Escape')
})

test('the report holds the score on screen, figures, tables and a script', async () => {
  const { app, page } = window
  const out = join(files.path, 'report')
  await answerSaveDialog(app, out)
  await page.keyboard.press('c')
  await page.keyboard.press('Shift+C')
  const shown = await card().locator('.CellCard-number').evaluate((element) => element.firstChild?.textContent ?? '')
  await card().getByRole('button', { name: 'Export report…' }).click()
  await expect(page.getByRole('region', { name: 'Notices' }).getByText(/^Wrote the report: \d+ files\.$/)).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('region', { name: 'Notices' }).getByRole('button', { name: 'Show in folder' })).toBeVisible()
  const names = (await readdir(out)).sort()
  expect(names).toEqual(['activations.safetensors', 'card.json', 'card.md', 'card.png', 'card.svg', 'direction.safetensors', 'layers.png', 'layers.svg', 'reproduce.py', 'sweep.csv', 'sweep.parquet'])
  for (const name of names) expect((await stat(join(out, name))).size, name).toBeGreaterThan(100)
  const written = await readFile(join(out, 'card.md'), 'utf8')
  for (const part of [`**${shown}**`, '## Code length', '## Erasure']) expect(written).toContain(part)
  const stated: { result: { measures: { value: number }[] } } = JSON.parse(await readFile(join(out, 'card.json'), 'utf8'))
  const value = stated.result.measures[0]?.value ?? NaN
  expect(`${(value * 100).toFixed(1)} %`).toBe(shown)
  expect(await readFile(join(out, 'reproduce.py'), 'utf8')).toContain(`STATED = ${value}\n`)
  await page.keyboard.press('Escape')
})

test('the card alone is a command of the palette; a cancelled dialog writes nothing', async () => {
  const { app, page } = window
  const out = join(files.path, 'card')
  await answerSaveDialog(app, null)
  const exportCard = async (): Promise<void> => {
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('combobox').fill('export card')
    await page.getByRole('option', { name: /^Export card/ }).click()
  }
  await exportCard()
  await answerSaveDialog(app, out)
  await exportCard()
  await expect.poll(() => existsSync(join(out, 'card.md'))).toBe(true)
  expect((await readdir(out)).sort()).toEqual(['card.json', 'card.md', 'card.png', 'card.svg'])
})

test('code length and erasure are there when the session is opened again', async ({ launch }) => {
  const { app, page } = window
  await page.keyboard.press('c')
  await page.keyboard.press('Shift+C')
  const compression = await card().getByRole('row', { name: /^labels/ }).getByRole('cell').nth(1).innerText()
  await page.keyboard.press('Escape')
  const saved = join(files.path, 'erased.layerscope')
  await answerSaveDialog(app, saved)
  await page.keyboard.press('ControlOrMeta+s')
  await expect.poll(() => existsSync(join(saved, 'session.json'))).toBe(true)
  await window.close()
  const again = await launch({ args: ['--open', saved] })
  await expect(statement(again.page)).toBeVisible({ timeout: 30_000 })
  await again.page.keyboard.press('c')
  await again.page.keyboard.press('Shift+C')
  const there = again.page.getByRole('dialog')
  await expect(there.getByRole('row', { name: /^labels/ })).toContainText(compression)
  await expect(there.getByRole('row', { name: /^LEACE 1/ })).toBeVisible()
})
