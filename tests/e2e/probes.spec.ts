/** Which probes a run trains: suggested by the columns, refused with a reason, chosen, and offered by the layer strip. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Locator, Page } from '@playwright/test'
import { expect, setColorScheme, setWindowSize, startApp, test, type LaunchedApp } from './electron'
import { atlasModel, datasetCard, layerStrip, openModelAndDataset, runToEnd, temporaryFolder } from './workbench'

test.describe.configure({ mode: 'serial' })

const sample = fileURLToPath(new URL('../../resources/samples/atlas-truth/city-statements.csv', import.meta.url))

let files: Awaited<ReturnType<typeof temporaryFolder>>
let window: LaunchedApp

/** The sample's first statements, affirmed and negated, with the pair that each belongs to. */
async function writePairs(path: string, rows: number): Promise<string> {
  const lines = (await readFile(sample, 'utf8')).trim().split(/\r?\n/).slice(1, rows + 1)
  const out = lines.map((line) => {
    const [statement = '', label = '', city = '', country = '', , polarity = ''] = line.split(',')
    return `${statement},${label},${city},${polarity},${city} in ${country}`
  })
  await writeFile(path, `statement,label,city,polarity,twin\n${out.join('\n')}\n`)
  return path
}

const probes = (page: Page): Locator => page.getByRole('region', { name: 'Run', exact: true }).getByRole('button', { name: 'Choose probes…' })
const dialog = (page: Page): Locator => page.getByRole('dialog', { name: 'Probes' })

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(process.env['PROBES_PICTURES'] ?? files.path, `${name}.png`) })
}

test.beforeAll(async () => {
  files = await temporaryFolder()
  window = await startApp()
  await openModelAndDataset(window, atlasModel, await writePairs(join(files.path, 'pairs.csv'), 240))
})

test.afterAll(async () => {
  await window?.close()
  await files?.remove()
})

test('methods are suggested by the columns, and say what they lack without them', async () => {
  const { page } = window
  await expect(probes(page)).toContainText('Logistic, TTPD')
  await probes(page).click()
  await expect(dialog(page).getByRole('checkbox', { name: /^Logistic suggested/ })).toBeChecked()
  await expect(dialog(page).getByRole('checkbox', { name: /^TTPD suggested/ })).toBeChecked()
  await expect(dialog(page).getByRole('checkbox', { name: /^CCS/ })).toBeEnabled()
  await picture(page, 'dialog')

  // Without their columns the methods on them are there, off, with the reason; a button leads to the columns.
  await page.keyboard.press('Escape')
  await datasetCard(page).getByRole('button', { name: 'Choose columns', exact: true }).click()
  const columns = page.getByRole('dialog', { name: 'pairs.csv' })
  await columns.getByRole('button', { name: /^Contrast pairs and negation/ }).click()
  await picture(page, 'columns')
  for (const [column, nothing] of [['Pair column', 'No pairs'], ['Polarity column', 'Not marked']] as const) {
    await columns.getByRole('combobox', { name: column }).click()
    await page.getByRole('option', { name: nothing }).click()
  }
  await columns.getByRole('button', { name: 'Done' }).click()
  await expect(probes(page)).toContainText(/Logistic$/)
  await probes(page).click()
  await expect(dialog(page).getByRole('checkbox', { name: /^CCS/ })).toBeDisabled()
  await expect(dialog(page).getByText('Needs a contrast pair column')).toHaveCount(3)
  await expect(dialog(page).getByText('Needs a polarity column')).toHaveCount(1)
  // One probe at least.
  await expect(dialog(page).getByRole('checkbox', { name: /^Logistic/ })).toBeDisabled()
  await picture(page, 'dialog-without-columns')
  await dialog(page).getByRole('button', { name: 'Choose columns…' }).click()
  await expect(columns).toBeVisible()
  await columns.getByRole('button', { name: 'Use the suggestion' }).click()
  await columns.getByRole('button', { name: 'Done' }).click()
  await expect(probes(page)).toContainText('Logistic, TTPD')
})

test('two chosen methods run side by side, and the layer strip offers both', async () => {
  const { app, page } = window
  await probes(page).click()
  await dialog(page).getByRole('checkbox', { name: /^Logistic/ }).uncheck()
  await dialog(page).getByRole('checkbox', { name: /^CCS/ }).check()
  await dialog(page).getByRole('checkbox', { name: /^Mass mean From/ }).check()
  await dialog(page).getByRole('checkbox', { name: /^TTPD/ }).uncheck()
  await expect(dialog(page).getByText('2 probes a site')).toBeVisible()
  await dialog(page).getByRole('button', { name: 'Done' }).click()
  await expect(probes(page)).toContainText('Mass mean, CCS')
  await runToEnd(page)
  const [massMean, ccs] = [layerStrip(page).getByRole('button', { name: /^mass mean/ }), layerStrip(page).getByRole('button', { name: /^CCS/ })]
  await massMean.click()
  await expect(massMean).toHaveAttribute('aria-pressed', 'true')
  await ccs.click()
  await expect(ccs).toHaveAttribute('aria-pressed', 'true')
  for (const scheme of ['light', 'dark'] as const) {
    await setColorScheme(app, page, scheme)
    for (const [width, height] of [[1440, 900], [1024, 700]] as const) {
      await setWindowSize(app, page, width, height)
      await picture(page, `run-${scheme}-${width}`)
      await probes(page).click()
      await expect(dialog(page)).toBeVisible()
      await picture(page, `dialog-${scheme}-${width}`)
      await page.keyboard.press('Escape')
    }
  }
})
