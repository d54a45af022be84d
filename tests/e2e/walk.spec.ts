/** The walk of the README: open, drop, run, look, keep. */
import { existsSync } from 'node:fs'
import { execFile } from 'node:child_process'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { answerMessageBox, answerSaveDialog, dropFiles, expect, test, whenReady } from './electron'
import { atlasModel, minilmModel, temporaryFolder, writeStatements } from './statements'

const commandLine = fileURLToPath(new URL('../../out/main/cli.js', import.meta.url))
const layers = (page: Page) => page.getByRole('region', { name: 'Layers' })
const selectedLayer = (page: Page) => page.getByRole('group', { name: 'Selected layer' }).getByRole('status')

/** Runs a command of the palette by typing its name. */
async function command(page: Page, name: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k')
  await page.getByRole('combobox').fill(name)
  await page.getByRole('option').first().waitFor()
  await page.keyboard.press('Enter')
}

test('a person opens a model and a dataset, runs, and reads the layers', async ({ launch }) => {
  const folder = await temporaryFolder()
  const data = join(folder.path, 'statements.csv')
  await writeStatements(data, 6)
  const { page } = await launch()

  await expect(page.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
  await page.getByRole('button', { name: 'Open model…' }).click()
  await page.getByRole('option', { name: /^atlas-lm/ }).click()
  await expect(page.getByText('4 checks passed')).toBeVisible({ timeout: 30_000 })

  // Before the drop the window says what it will do.
  await dropFiles(page, page.locator('body'), [data], 'hover')
  await expect(page.locator('.DropTarget')).toHaveText('Open as dataset')
  await dropFiles(page, page.locator('body'), [data])
  await expect(page.getByText('144 rows · 3 columns')).toBeVisible()

  // Roles are suggested: the text, the label, and the group that recurs across labels.
  const columns = page.getByRole('dialog')
  if (await columns.isVisible()) await columns.getByRole('button', { name: /^(Done|Use these columns|Close)$/ }).first().click()
  const roles = page.getByRole('button', { name: 'Choose columns', exact: true })
  await expect(roles).toContainText('statement')
  await expect(roles).toContainText('label')
  await expect(roles).toContainText('place')

  await page.keyboard.press('ControlOrMeta+Enter')
  await expect(layers(page).getByText(/chosen on validation rows · test/)).toBeVisible({ timeout: 60_000 })
  for (const line of ['logistic probe', 'shuffled labels', 'text only', 'majority class']) await expect(layers(page).getByText(line).first()).toBeVisible()

  await page.locator('body').press('End')
  await expect(selectedLayer(page)).toHaveText(/final/)
  await page.keyboard.press('Home')
  await expect(selectedLayer(page)).toHaveText(/embed/)
  await page.keyboard.press('ArrowRight')
  await expect(selectedLayer(page)).toHaveText('layer 0')

  // The same numbers as a table, for eyes that need one.
  await layers(page).getByRole('button', { name: 'Show as table' }).click()
  await expect(layers(page).getByRole('table').getByRole('row')).toHaveCount(9)

  // Text of a dataset is text.
  await page.keyboard.press('ControlOrMeta+j')
  await expect(page.getByRole('grid', { name: 'Rows' }).getByText('<img src=x onerror=window.injected=true>').first()).toBeVisible()
  expect(await page.evaluate(() => 'injected' in window)).toBe(false)
  await page.getByRole('grid', { name: 'Rows' }).getByRole('row').nth(1).click()
  await expect(page.getByRole('complementary', { name: 'Inspector' }).getByText('Nearest rows', { exact: false }).first()).toBeVisible()
  await folder.remove()
})

test('a cancelled run keeps what is done and goes on from there', async ({ launch }) => {
  const folder = await temporaryFolder()
  const data = join(folder.path, 'statements.csv')
  await writeStatements(data, 400)
  const { page } = await launch()
  await dropFiles(page, page.locator('body'), [minilmModel, data])
  await expect(page.getByText('9,600 rows ·')).toBeVisible({ timeout: 30_000 })
  await closeColumns(page)
  await page.getByRole('button', { name: /^Run/ }).click()
  await expect(page.getByText(/rows\/s/).first()).toBeVisible({ timeout: 30_000 })
  await page.getByRole('button', { name: /Cancel/ }).click()
  await expect(page.getByText('What was done is kept: the run goes on from there.')).toBeVisible({ timeout: 30_000 })
  await page.getByRole('button', { name: /Continue run/ }).click()
  await expect(page.getByText(/rows\/s/).first()).toBeVisible({ timeout: 30_000 })
  await page.getByRole('button', { name: /Cancel/ }).click()
  await expect(page.getByRole('button', { name: /Continue run/ })).toBeVisible({ timeout: 30_000 })
  await folder.remove()
})

test('an engine that is killed starts anew and the run goes on', async ({ launch }) => {
  const folder = await temporaryFolder()
  const data = join(folder.path, 'statements.csv')
  await writeStatements(data, 60)
  const { app, page } = await launch()
  await dropFiles(page, page.locator('body'), [minilmModel, data])
  await expect(page.getByText('1,440 rows ·')).toBeVisible({ timeout: 30_000 })
  await closeColumns(page)
  await page.getByRole('button', { name: /^Run/ }).click()
  await expect(page.getByText(/rows\/s/).first()).toBeVisible({ timeout: 30_000 })
  const killed = await app.evaluate(({ app: electron }) => {
    const engine = electron.getAppMetrics().find(({ type, serviceName }) => type === 'Utility' && serviceName === 'node.mojom.NodeService')
    return engine ? process.kill(engine.pid, 'SIGKILL') : false
  })
  expect(killed).toBe(true)
  await expect(page.getByRole('region', { name: 'Notices' }).getByText(/engine/i).first()).toBeVisible({ timeout: 15_000 })
  await expect(layers(page).getByText(/chosen on validation rows · test/)).toBeVisible({ timeout: 90_000 })
  await folder.remove()
})

test('a saved session reopens with its results, its recipe runs in the terminal with the same numbers', async ({ launch }) => {
  const folder = await temporaryFolder()
  const data = join(folder.path, 'statements.csv')
  await writeStatements(data, 6)
  const first = await launch()
  await dropFiles(first.page, first.page.locator('body'), [atlasModel, data])
  await expect(first.page.getByText('144 rows ·')).toBeVisible({ timeout: 30_000 })
  await closeColumns(first.page)
  await first.page.getByRole('button', { name: /^Run/ }).click()
  const statement = layers(first.page).getByText(/chosen on validation rows · test/)
  await expect(statement).toBeVisible({ timeout: 60_000 })
  const shown = (await statement.textContent()) ?? ''

  const saved = join(folder.path, 'Cities.layerscope')
  await answerSaveDialog(first.app, saved)
  await first.page.keyboard.press('ControlOrMeta+s')
  await expect(first.page.getByText('Cities', { exact: true }).first()).toBeVisible()
  await expect.poll(() => existsSync(join(saved, 'session.json'))).toBe(true)
  const recipe = join(folder.path, 'cities-recipe.json')
  await answerSaveDialog(first.app, recipe)
  await command(first.page, 'save recipe')
  await expect.poll(() => existsSync(recipe)).toBe(true)
  const zip = join(folder.path, 'Cities.zip')
  await answerSaveDialog(first.app, zip)
  await command(first.page, 'export zip')
  await expect(first.page.getByText('Exported the session.')).toBeVisible()
  await first.close()

  const again = await launch({ args: ['--open', saved] })
  await expect(layers(again.page).getByText(shown)).toBeVisible({ timeout: 30_000 })
  await again.close()

  // The zip alone, dropped on an empty window, is the same session, not saved yet.
  const unpacked = await launch()
  await dropFiles(unpacked.page, unpacked.page.locator('body'), [zip])
  await expect(layers(unpacked.page).getByText(shown)).toBeVisible({ timeout: 30_000 })
  await expect(unpacked.page.getByText('The exported session is open. It is not saved')).toBeVisible()
  await answerMessageBox(unpacked.app, 1)
  await unpacked.close()

  const { stdout } = await promisify(execFile)(process.execPath, [commandLine, 'run', recipe, '--out', join(folder.path, 'Again.layerscope'), '--json'], { maxBuffer: 1 << 26 })
  const accuracy = (JSON.parse(stdout) as { run: { sweep: { chosen: { testScore: number } } } }).run.sweep.chosen.testScore
  const percent = Number(/test\s+([\d.]+)\s*%/.exec(shown)?.[1])
  expect(Math.abs(100 * accuracy - percent)).toBeLessThanOrEqual(0.51)

  // A dataset that moved: the session opens, says so, and offers to locate it.
  await rename(data, join(folder.path, 'moved.csv'))
  const moved = await launch({ args: ['--open', saved] })
  await expect(moved.page.getByRole('button', { name: /Locate/ }).first()).toBeVisible({ timeout: 30_000 })
  await moved.close()
  await folder.remove()
})

test('the sample runs at once and draws its cloud', async ({ launch }) => {
  const { app, page } = await launch({ args: ['--sample=atlas-truth'] })
  await answerMessageBox(app, 1)
  await whenReady(page, 110_000)
  await expect(layers(page).getByText(/chosen on validation rows · test/)).toBeVisible()
  const projection = page.getByRole('region', { name: 'Projection' })
  await expect(projection.getByText(/trustworthiness/)).toBeVisible()
  const legend = projection.getByRole('group', { name: /Legend/ })
  await expect(legend.getByRole('button')).toHaveCount(2)
  await legend.getByRole('button').first().click()
  await expect(legend.getByRole('button').first()).toHaveAttribute('aria-pressed', 'false')
  await page.keyboard.press('ControlOrMeta+z')
  await expect(legend.getByRole('button').first()).toHaveAttribute('aria-pressed', 'true')

  // A lasso around the whole cloud selects every row.
  await page.keyboard.press('l')
  await expect(projection.getByRole('radio', { name: 'Lasso' })).toHaveAttribute('aria-checked', 'true')
  const box = await projection.locator('canvas').first().boundingBox()
  if (!box) throw new Error('no canvas')
  const inset = 24
  // It begins where nothing lies over the cloud.
  const corners = [[inset, inset], [box.width - inset, inset], [box.width - inset, box.height - inset], [inset, box.height - inset]] as const
  await page.mouse.move(box.x + inset, box.y + box.height - inset)
  await page.mouse.down()
  for (const [x, y] of corners) await page.mouse.move(box.x + x, box.y + y, { steps: 8 })
  await page.mouse.up()
  await expect(projection.getByText(/4,000 (of 4,000 )?rows selected/)).toBeVisible()
  await page.keyboard.press('Escape')

  await projection.getByRole('radio', { name: 'PCA' }).click()
  await expect(projection.getByText(/PC1/).first()).toBeVisible({ timeout: 30_000 })
})

async function closeColumns(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog')
  if (await dialog.isVisible()) await page.keyboard.press('Escape')
}
