/** What a person does in the workbench and reads from it, for tests that are about something further on. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Locator, Page } from '@playwright/test'
import { answerOpenDialog, expect, type LaunchedApp } from './electron'

const resources = fileURLToPath(new URL('../../resources', import.meta.url))

/** A language model of 6 layers, read at the full stop: fast enough for every test. */
export const atlasModel = join(resources, 'models', 'atlas-lm')
const truthFile = join(resources, 'samples', 'atlas-truth', 'city-statements.csv')

/** Sites of a run with the default choice: embedding, six blocks, final norm. */
export const siteCount = 8

/** A folder for the files of one test file. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'layerscope-files-'))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/**
 * Writes `rows` statements about cities (half of them true) with `statement`, `label` and `city`.
 * More than the sample has begins again with other words, so that no text comes twice.
 */
export async function writeStatements(path: string, rows: number): Promise<string> {
  const lines = (await readFile(truthFile, 'utf8')).trim().split('\n').slice(1).map((line) => line.split(','))
  const out = ['statement,label,city']
  for (let row = 0; row < rows; row++) {
    const [statement = '', label = '', city = ''] = lines[row % lines.length] ?? []
    const round = Math.floor(row / lines.length)
    out.push(`${round === 0 ? '' : `Note ${round}: `}${statement},${label},${city}`)
  }
  await writeFile(path, `${out.join('\n')}\n`)
  return path
}

/** Opens a model that is not in the list: through the dialog of models to the system's own, which answers by itself. */
export async function chooseModel({ app, page }: Pick<LaunchedApp, 'app' | 'page'>, model: string): Promise<void> {
  await answerOpenDialog(app, [model])
  await page.keyboard.press('ControlOrMeta+o')
  await page.getByRole('dialog', { name: 'Open model' }).getByRole('button', { name: /^Choose file/ }).click()
}

/** Opens model and dataset by the buttons of the welcome view and of the set-up, with dialogs that answer by themselves. */
export async function openModelAndDataset({ app, page }: LaunchedApp, model: string, dataset: string): Promise<void> {
  await chooseModel({ app, page }, model)
  await expect(modelCard(page).getByText('4 checks passed')).toBeVisible()
  await answerOpenDialog(app, [dataset])
  await page.getByRole('button', { name: 'Open dataset…' }).click()
  await expect(runButton(page)).toBeEnabled()
}

export function modelCard(page: Page): Locator {
  return page.getByRole('region', { name: 'Model', exact: true })
}

export function datasetCard(page: Page): Locator {
  return page.getByRole('region', { name: 'Dataset', exact: true })
}

export function layerStrip(page: Page): Locator {
  return page.getByRole('region', { name: 'Layers', exact: true })
}

export function projection(page: Page): Locator {
  return page.getByRole('region', { name: 'Projection', exact: true })
}

export function inspector(page: Page): Locator {
  return page.getByRole('complementary', { name: 'Inspector' })
}

export function cloud(page: Page): Locator {
  return page.getByRole('application', { name: /^Cloud/ })
}

/** The button that starts a run, whatever it is called now. */
export function runButton(page: Page): Locator {
  return page.getByRole('button', { name: /^(Run|Continue run)( Ctrl|$)/ })
}

/** The sentence that names the layer which validation chose. */
export function statement(page: Page): Locator {
  return layerStrip(page).getByText(/chosen on validation rows/)
}

/** The layer everything is shown for, as the strip's stepper names it. */
export function selectedLayer(page: Page): Locator {
  return page.getByRole('group', { name: 'Selected layer' }).getByRole('status')
}

/** Presses Run and waits for the last layer's score and for its cloud. */
export async function runToEnd(page: Page): Promise<void> {
  await runButton(page).click()
  await whenDone(page)
}

export async function whenDone(page: Page): Promise<void> {
  await expect(statement(page)).toBeVisible({ timeout: 60_000 })
  await whenCloudSettled(page)
}

/** The cloud of the selected layer is complete; UMAP says its trustworthiness, PCA its variance. */
export async function whenCloudSettled(page: Page): Promise<void> {
  await expect(projection(page).getByText(/trustworthiness|% of variance/).last()).toBeVisible({ timeout: 60_000 })
}

/** One line of the layer strip's table: the layer's name and its numbers as written. */
export interface WrittenLayer { readonly layer: string; readonly values: readonly string[] }

/** The layer strip's numbers, read from its table; leaves the chart as it was. */
export async function readLayers(page: Page): Promise<readonly WrittenLayer[]> {
  const strip = layerStrip(page)
  await strip.getByRole('button', { name: 'Show as table' }).click()
  const rows = strip.getByRole('table').locator('tbody').getByRole('row')
  await expect(rows.first()).toBeVisible()
  const written = await rows.evaluateAll((elements) => elements.map((row) => ({
    layer: row.querySelector('button')?.textContent ?? '',
    // Interval halves stand in a <small> of their own.
    values: [...row.querySelectorAll('td')].map((cell) => cell.firstChild?.textContent ?? '')
  })))
  await strip.getByRole('button', { name: 'Show as chart' }).click()
  return written
}

/** Where the ring of the focused row is in the window, in CSS pixels. */
export async function focusedPoint(page: Page): Promise<{ readonly x: number; readonly y: number }> {
  const ring = page.locator('.CloudOverlay-focus circle')
  await expect(ring).toHaveAttribute('cx', /\d/)
  const box = await ring.boundingBox()
  if (box === null) throw new Error('No row is focused.')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

/** Drags from one place to the next, through all of them, in CSS pixels of the window. */
export async function drag(page: Page, places: readonly (readonly [x: number, y: number])[]): Promise<void> {
  const [first, ...others] = places
  if (first === undefined) return
  await page.mouse.move(...first)
  await page.mouse.down()
  for (const [x, y] of others) await page.mouse.move(x, y, { steps: 4 })
  await page.mouse.up()
}

/** Process ids of the engine; one while it runs. */
export async function engineProcesses({ app }: LaunchedApp): Promise<readonly number[]> {
  return app.evaluate(({ app: electron }) => electron.getAppMetrics().filter(({ name }) => name === 'Layerscope engine').map(({ pid }) => pid))
}

/** Title of the first window as the system shows it. */
export async function windowTitle({ app }: LaunchedApp): Promise<string> {
  return app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getTitle() ?? '')
}

/** Writes a recipe that runs `methods` on the dataset's columns `statement`, `label` and `city`, last token, and opens it by a start. */
export async function writeRecipe(path: string, dataset: string, probe: { readonly methods: readonly string[]; readonly strengths?: number }): Promise<string> {
  await writeFile(path, JSON.stringify({
    format: 'layerscope-recipe', version: 1, model: { path: atlasModel },
    dataset: { path: dataset, roles: { text: { kind: 'template', template: '<|end|>{statement}' }, label: 'label', group: 'city' } }, probe
  }))
  return path
}
