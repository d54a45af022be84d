/** From an empty window to results: open, drop, choose columns, run, and go through the layers. */
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { answerOpenDialog, dropFiles, expect, startApp, test, whenReady, type LaunchedApp } from './electron'
import { atlasModel, cloud, datasetCard, inspector, layerStrip, modelCard, readLayers, runButton, selectedLayer, siteCount, statement, temporaryFolder, whenCloudSettled, whenDone, writeStatements } from './workbench'

test.describe.configure({ mode: 'serial' })

let files: Awaited<ReturnType<typeof temporaryFolder>>
let window: LaunchedApp
let dataset: string

test.beforeAll(async () => {
  files = await temporaryFolder()
  dataset = await writeStatements(join(files.path, 'statements.csv'), 400)
  window = await startApp()
})

test.afterAll(async () => {
  await window?.close()
  await files?.remove()
})

test('the welcome view says how to begin', async () => {
  const { page } = window
  await expect(page.getByRole('heading', { name: 'See what a model represents, layer by layer' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Try the sample' }).getByRole('button')).toHaveCount(5)
  await expect(page.getByRole('button', { name: 'Open session…' })).toBeVisible()
})

test('a dialog that is cancelled changes nothing', async () => {
  await answerOpenDialog(window.app, [])
  await window.page.getByRole('button', { name: 'Open model…' }).click()
  const dialog = window.page.getByRole('dialog', { name: 'Open model' })
  await dialog.getByRole('button', { name: /^Choose file/ }).click()
  await expect(dialog).toBeHidden()
  await expect(window.page.getByRole('heading', { name: 'See what a model represents, layer by layer' })).toBeVisible()
})

test('a model is opened from a dialog and proves itself', async () => {
  const { app, page } = window
  await answerOpenDialog(app, [atlasModel])
  await page.getByRole('button', { name: 'Open model…' }).click()
  await page.getByRole('dialog', { name: 'Open model' }).getByRole('button', { name: /^Choose f/ }).first().click()
  const card = modelCard(page)
  await expect(card.getByText('4 checks passed')).toBeVisible()
  await expect(card.getByText('6 layers × 192')).toBeVisible()
  await expect(page.getByText('Open a dataset first.')).toBeVisible()
  await expect(runButton(page)).toBeDisabled()
})

test('what a drop will do is said while the file hangs over the window, then it is done', async () => {
  const { page } = window
  await dropFiles(page, cloud(page), [dataset], 'hover')
  await expect(page.getByRole('status').filter({ hasText: /^Open as/ })).toHaveText(/dataset/)
  await dropFiles(page, cloud(page), [dataset])
  await expect(page.getByRole('status').filter({ hasText: /^Open as/ })).toBeHidden()
  await expect(datasetCard(page).getByText('statements.csv')).toBeVisible()
  await expect(datasetCard(page).getByText(/^400 rows/)).toBeVisible()
})

test('a dropped file that is nothing we open is refused with a sentence', async () => {
  const { page } = window
  await dropFiles(page, cloud(page), [join(atlasModel, '..', '..', 'samples')])
  const notices = page.getByRole('region', { name: 'Notices' })
  await expect(notices).toContainText('holds no model')
  await notices.getByRole('button', { name: 'Dismiss' }).click()
  await expect(notices).not.toContainText('holds no model')
})

test('columns are chosen beside what they mean for the run', async () => {
  const { page } = window
  await datasetCard(page).getByRole('button', { name: 'Choose columns', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'statements.csv' })
  await expect(dialog.getByRole('columnheader', { name: /^label/ })).toBeVisible()
  await dialog.getByRole('radio', { name: 'A template' }).click()
  await dialog.getByRole('textbox', { name: 'Template' }).fill('<|end|>{statement}')
  await dialog.getByRole('combobox', { name: 'Label column' }).click()
  await page.getByRole('option', { name: /^label/ }).click()
  await dialog.getByRole('combobox', { name: 'Group column' }).click()
  await page.getByRole('option', { name: /^city/ }).click()
  await expect(dialog.getByText(/^<\|end\|>Shenzhen is a city in China\.$/)).toBeVisible()
  await expect(dialog.getByText(/400 of 400 rows can be used, in \d+ groups/)).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(datasetCard(page).getByText('<|end|>{statement}')).toBeVisible()
  await expect(runButton(page)).toBeEnabled()
})

test('Run shows a score with its controls at every layer and states the chosen one', async () => {
  const { page } = window
  await runButton(page).click()
  await expect(page.getByRole('button', { name: /^Cancel(?! opening)/ })).toBeVisible()
  await whenDone(page)
  await expect(statement(page)).toHaveText(/^(Layer \d|Embedding|Final norm) chosen on validation rows · test \d+(\.\d)? % ± \d+(\.\d)?/)
  const strip = layerStrip(page)
  for (const control of ['shuffled labels', 'text only', 'majority class']) await expect(strip.getByText(control)).toBeVisible()

  const layers = await readLayers(page)
  expect(layers).toHaveLength(siteCount)
  for (const { values } of layers) expect(values[0]).toMatch(/^\d+(\.\d)? %$/)
  // The chosen layer is the one that is selected.
  const chosen = (await statement(page).textContent())?.split(' chosen')[0]?.toLowerCase()
  await expect(selectedLayer(page)).toHaveText(new RegExp(`^${chosen}$`, 'i'))
  // Half of the rows are true: nothing that knows no more than that is far from 50 %.
  const majority = Number.parseFloat(layers[0]?.values.at(-2) ?? '')
  expect(majority).toBeGreaterThanOrEqual(50)
  expect(majority).toBeLessThan(60)
})

test('arrow keys select the layer for every view', async () => {
  const { page } = window
  await page.keyboard.press('Home')
  await expect(selectedLayer(page)).toHaveText('embedding')
  await expect(page.getByRole('button', { name: 'Previous layer' })).toBeDisabled()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await expect(selectedLayer(page)).toHaveText('layer 1')
  await page.keyboard.press('ArrowLeft')
  await expect(selectedLayer(page)).toHaveText('layer 0')
  await whenCloudSettled(page)

  await cloud(page).focus()
  await page.keyboard.press('Enter')
  await expect(inspector(page).getByRole('heading', { name: /^Nearest rows/ })).toContainText('layer 0')
  await layerStrip(page).getByRole('button', { name: 'Next layer' }).click()
  await expect(inspector(page).getByRole('heading', { name: /^Nearest rows/ })).toContainText('layer 1')
})

test('points glide to where the next layer has them', async () => {
  const { page } = window
  await whenCloudSettled(page)
  await page.keyboard.press('Escape')
  await cloud(page).focus()
  await page.keyboard.press('Enter')
  await whenCloudSettled(page)
  const gliding = placesOfFocus(page)
  await layerStrip(page).getByRole('button', { name: 'Next layer' }).click()
  expect(await gliding).toBeGreaterThan(4)

  await page.emulateMedia({ reducedMotion: 'reduce' })
  await whenCloudSettled(page)
  const jumping = placesOfFocus(page)
  await layerStrip(page).getByRole('button', { name: 'Previous layer' }).click()
  const places = await jumping
  await page.emulateMedia({ reducedMotion: null })
  // Where it was and where it is, and at most a moment without a ring in between.
  expect(places).toBeGreaterThan(1)
  expect(places).toBeLessThanOrEqual(3)
})

/** How many places the focused row's ring takes during two seconds, frame by frame. */
async function placesOfFocus(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const seen = new Set<string>()
    const end = performance.now() + 2_000
    while (performance.now() < end) {
      const ring = document.querySelector('.CloudOverlay-focus circle')
      seen.add(`${ring?.getAttribute('cx')} ${ring?.getAttribute('cy')}`)
      await new Promise(requestAnimationFrame)
    }
    return seen.size
  })
}

test('Ctrl+Enter runs again with other folds; both runs stay', async () => {
  const { page } = window
  const runs = page.getByRole('region', { name: 'Runs so far' }).getByRole('button')
  await expect(runs).toHaveCount(1)
  await page.getByRole('button', { name: /^Advanced/ }).click()
  await page.getByRole('spinbutton', { name: 'Folds' }).fill('3')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+Enter')
  await expect(runs).toHaveCount(2)
  await whenDone(page)
  await expect(runs.first()).toHaveAttribute('aria-current', 'true')
  const before = await statement(page).textContent()
  await runs.last().click()
  await expect(runs.last()).toHaveAttribute('aria-current', 'true')
  await expect(statement(page)).not.toHaveText(before ?? '')
})

test('the overview of one probe leads to the choice of more', async () => {
  const { page } = window
  await page.getByRole('tab', { name: 'Overview' }).click()
  const overview = page.getByRole('region', { name: 'Overview' })
  await expect(overview.getByRole('grid').getByRole('gridcell')).toHaveCount(siteCount)
  await overview.getByRole('button', { name: 'Choose probes…' }).click()
  await expect(page.getByRole('dialog').getByRole('checkbox', { name: /^Nearest centroid/i })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('tab', { name: 'Cloud' }).click()
})

test('a row that took part in training alone is said to have no score', async ({ launch }) => {
  const sample = await launch()
  await sample.page.getByRole('region', { name: 'Try the sample' }).getByRole('button', { name: /True or false/ }).click()
  await whenReady(sample.page)
  await whenDone(sample.page)
  await sample.page.keyboard.press('Control+j')
  await sample.page.getByRole('grid', { name: 'Rows' }).getByRole('row').nth(1).click()
  await expect(inspector(sample.page).getByText('This row was in no test fold, so no probe scored it.')).toBeVisible()
  await expect(inspector(sample.page).getByRole('img', { name: /NaN/ })).toHaveCount(0)
})

test('a bundled sample runs at once', async ({ launch }) => {
  const sample = await launch()
  await sample.page.getByRole('region', { name: 'Try the sample' }).getByRole('button', { name: /Capital or not/ }).click()
  await whenReady(sample.page)
  await expect(statement(sample.page)).toBeVisible()
  await expect(datasetCard(sample.page).getByText(/^384 rows/)).toBeVisible()
})
