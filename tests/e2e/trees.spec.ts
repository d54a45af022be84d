/** Parse trees of a treebank: chosen in the columns, probed, and looked at sentence by sentence and layer by layer. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator } from '@playwright/test'
import { smallTreebank } from '../small-treebank'
import { expect, startApp, test, type LaunchedApp } from './electron'
import { minilmModel } from './statements'
import { datasetCard, openModelAndDataset, runToEnd, selectedLayer, temporaryFolder } from './workbench'

test.describe.configure({ mode: 'serial' })

let files: Awaited<ReturnType<typeof temporaryFolder>>
let window: LaunchedApp

const picture = (name: string): string => join(process.env['TREES_PICTURES'] ?? files.path, `${name}.png`)
const trees = (): Locator => window.page.getByRole('region', { name: 'Trees', exact: true })
const stage = (): Locator => trees().getByRole('group', { name: /^Parse\./ })

test.beforeAll(async () => {
  files = await temporaryFolder()
  window = await startApp()
  // Text from a treebank is text.
  const treebank = smallTreebank(120).replaceAll('\tbridge\tbridge', '\t<b>bridge</b>\tbridge').replaceAll(/(# text = .*)\bbridge\b/g, '$1<b>bridge</b>')
  await writeFile(join(files.path, 'small.conllu'), treebank)
  await openModelAndDataset(window, minilmModel, join(files.path, 'small.conllu'))
})

test.afterAll(async () => {
  await window?.close()
  await files?.remove()
})

test('the parse is chosen where the label is', async () => {
  const { page } = window
  await datasetCard(page).getByRole('button', { name: 'Choose columns', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'small.conllu' })
  await dialog.getByRole('radio', { name: 'Parse trees' }).click()
  await page.screenshot({ path: picture('columns') })
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(datasetCard(page).getByText('parse trees')).toBeVisible()
  await expect(page.getByRole('tab', { name: 'Trees' })).toBeHidden()
})

test('a run shows the test sentences, and the arcs of the layer that is selected', async () => {
  const { page } = window
  await runToEnd(page)
  await page.getByRole('tab', { name: 'Trees' }).click()
  await expect(trees().getByText(/^UUAS .* % ± .* · shuffled vectors .* · linear tree/)).toBeVisible()
  await expect(trees().getByText('1 of 24')).toBeVisible()
  await expect(trees().getByRole('status')).toContainText(/\d+ of \d+ arcs right \(\d+ %\) · root/)
  const drawing = trees().getByRole('img', { name: /^Parse of a sentence of \d+ words: \d+ of \d+ arcs right/ })
  await expect(drawing).toBeVisible()
  await page.screenshot({ path: picture('trees') })

  const [before, arcs] = [await selectedLayer(page).textContent(), async (): Promise<string> => (await drawing.locator('.TreeArc-predicted path').evaluateAll((paths) => paths.map((path) => path.getAttribute('d')).join(' ')))]
  await stage().focus()
  await page.keyboard.press('ArrowLeft')
  await expect(selectedLayer(page)).not.toHaveText(before ?? '')
  await page.keyboard.press('[')
  while (!(await selectedLayer(page).textContent())?.includes('embed')) await page.keyboard.press('ArrowLeft')
  const embedding = await trees().getByText(/^UUAS/).textContent()
  const there = await arcs()
  await page.keyboard.press('c')
  await expect(selectedLayer(page)).toHaveText(before ?? '')
  await expect(trees().getByText(/^UUAS/)).not.toHaveText(embedding ?? '')
  await expect.poll(arcs).not.toBe(there)
})

test('keys and the list walk the sentences, a word goes to the inspector, the table says the same', async () => {
  const { page } = window
  const list = trees().getByRole('region', { name: 'Test sentences' })
  await stage().focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await expect(trees().getByText('3 of 24')).toBeVisible()
  await expect(list.locator('[aria-current]')).toHaveCount(1)
  await page.keyboard.press('ArrowUp')
  await expect(trees().getByText('2 of 24')).toBeVisible()
  await list.getByRole('button', { name: /<b>bridge<\/b>/ }).first().click()
  const word = trees().locator('.TreeWord', { hasText: '<b>bridge</b>' }).first()
  await expect(word).toBeVisible()
  await word.click()
  await expect(word).toHaveAttribute('data-focus', 'true')
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toContainText('<b>bridge</b>')

  await trees().getByRole('button', { name: 'Show as table' }).click()
  const table = trees().getByRole('table')
  await expect(table.locator('[aria-current]').getByRole('rowheader')).toHaveText('<b>bridge</b>')
  await expect(table.getByRole('columnheader')).toHaveText(['word', 'tag', 'relation', 'head', 'predicted head', 'depth', 'predicted depth'])
  await page.screenshot({ path: picture('table') })
  await trees().getByRole('button', { name: 'Show as a drawing' }).click()
})

test('a sentence that was trained on has no prediction', async () => {
  const { page } = window
  await page.getByRole('button', { name: 'Table', exact: true }).click()
  const rows = page.getByRole('grid').getByRole('row')
  await expect(rows.nth(2)).toBeVisible()
  for (let row = 1; row < 40 && !(await trees().getByText('not a test sentence').isVisible()); row += 6) {
    const cell = rows.nth(row).getByRole('gridcell').first()
    if (await cell.isVisible()) await cell.click()
    await page.waitForTimeout(150)
  }
  await expect(trees().getByText('not a test sentence')).toBeVisible()
  await expect(trees().getByRole('status')).toContainText(/only test sentences have a predicted parse/)
  await page.getByRole('button', { name: 'Table', exact: true }).click()
  await trees().getByRole('button', { name: 'Next sentence' }).click()
  await expect(trees().getByText(/^\d+ of 24$/)).toBeVisible()
})
