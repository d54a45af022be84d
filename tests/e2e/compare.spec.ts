/** Questions about finished runs: the rows behind a prediction, refits without them, and runs side by side. */
import { join } from 'node:path'
import { answerOpenDialog, expect, startApp, test, type LaunchedApp } from './electron'
import { atlasModel, inspector, openModelAndDataset, runButton, runToEnd, statement, temporaryFolder, writeStatements } from './workbench'

test.describe.configure({ mode: 'serial' })

let files: Awaited<ReturnType<typeof temporaryFolder>>
let window: LaunchedApp

test.beforeAll(async () => {
  files = await temporaryFolder()
  window = await startApp()
  await openModelAndDataset(window, atlasModel, await writeStatements(join(files.path, 'first.csv'), 240))
  await runToEnd(window.page)
})

test.afterAll(async () => {
  await window?.close()
  await files?.remove()
})

test('a prediction names its training rows, which can be left out and put back', async () => {
  const { page } = window
  await page.getByRole('button', { name: 'Table', exact: true }).click()
  await page.getByRole('grid').getByRole('row').nth(3).getByRole('gridcell').first().click()
  await page.getByRole('button', { name: 'Table', exact: true }).click()
  const section = inspector(page).getByRole('region', { name: 'Rows that made it so' })
  const boxes = section.getByRole('checkbox')
  await expect(boxes.first()).toBeVisible({ timeout: 30_000 })
  await boxes.nth(0).check()
  await boxes.nth(1).check()
  await section.getByRole('button', { name: 'Refit without 2 rows' }).click()
  await expect(section.getByRole('cell', { name: /±/ })).toHaveCount(2, { timeout: 30_000 })
  await expect(section.getByText('Without 2 rows')).toBeVisible()
  await page.screenshot({ path: join(process.env['COMPARE_PICTURES'] ?? files.path, 'influence.png') })
  await page.keyboard.press('ControlOrMeta+z')
  await expect(section.getByText('Without 2 rows')).toBeHidden()
})

test('compare says what is missing, and shows the layers\' similarity', async () => {
  const { page } = window
  await page.getByRole('tab', { name: 'Compare' }).click()
  const compare = page.getByRole('region', { name: 'Compare', exact: true })
  await expect(compare.getByText(/Run a second dataset on this model/)).toBeVisible()
  await compare.getByRole('radio', { name: 'Similarity' }).click()
  const grid = compare.getByRole('grid')
  await expect(grid).toBeVisible({ timeout: 30_000 })
  await expect(grid.getByRole('gridcell')).toHaveCount(64)
  await page.screenshot({ path: join(process.env['COMPARE_PICTURES'] ?? files.path, 'similarity.png') })
  // The grid's own arrows move a cell; Enter goes to its layer.
  await grid.focus()
  await page.keyboard.press('PageDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('group', { name: 'Selected layer' })).toContainText('final norm')
})

test('a second dataset gives a transfer matrix', async () => {
  const { app, page } = window
  await answerOpenDialog(app, [await writeStatements(join(files.path, 'second.csv'), 300)])
  await page.keyboard.press('ControlOrMeta+Shift+o')
  await expect(page.getByRole('region', { name: 'Dataset', exact: true }).getByText('second.csv')).toBeVisible()
  await runButton(page).click()
  await expect(statement(page)).toBeVisible({ timeout: 60_000 })
  await page.getByRole('tab', { name: 'Compare' }).click()
  const compare = page.getByRole('region', { name: 'Compare', exact: true })
  await compare.getByRole('radio', { name: 'Transfer' }).click()
  await expect(compare.getByRole('grid').getByRole('gridcell')).toHaveCount(4, { timeout: 30_000 })
  await compare.getByRole('button', { name: 'Show as table' }).click()
  await expect(compare.getByRole('cell', { name: /%$/ })).toHaveCount(4)
  await compare.getByRole('button', { name: 'Show as map' }).click()
  await page.screenshot({ path: join(process.env['COMPARE_PICTURES'] ?? files.path, 'transfer.png') })
})
