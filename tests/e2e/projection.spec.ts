/** The cloud and what is linked with it: colours, legend, selection, inspector, table, undo. */
import { join } from 'node:path'
import { dropFiles, expect, startApp, test, type LaunchedApp } from './electron'
import { atlasModel, cloud, drag, focusedPoint, inspector, layerStrip, modelCard, openModelAndDataset, projection, readLayers, runButton, statement, temporaryFolder, whenCloudSettled, writeStatements } from './workbench'

test.describe.configure({ mode: 'serial' })

const rowCount = 400
let files: Awaited<ReturnType<typeof temporaryFolder>>
let window: LaunchedApp

test.beforeAll(async () => {
  files = await temporaryFolder()
  window = await startApp()
  await openModelAndDataset(window, atlasModel, await writeStatements(join(files.path, 'statements.csv'), rowCount))
})

test.afterAll(async () => {
  await window?.close()
  await files?.remove()
})

/** The whole cloud's corners in window pixels, clear of the dividers beside it. */
async function corners(): Promise<{ readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }> {
  const box = await cloud(window.page).boundingBox()
  if (box === null) throw new Error('There is no cloud.')
  return { left: box.x + 16, right: box.x + box.width - 16, top: box.y + 16, bottom: box.y + box.height - 16 }
}

/** A text as the inspector cuts it into tokens: spaces are dots. */
function inTokens(text: string): string {
  return text.replaceAll(' ', '·')
}

test('UMAP is drawn while it optimises, for the layer one goes to during the run', async () => {
  const { page } = window
  await runButton(page).click()
  // The embedding of a full stop is the same in every text: the first layer's cloud is one point, without epochs.
  await expect(layerStrip(page).getByRole('group', { name: 'Selected layer' })).toContainText('embedding')
  // What the line over the cloud says from here on, frame by frame.
  const watched = page.evaluate(async () => {
    const epochs = new Set<string>()
    for (let settled = false; !settled; settled = document.querySelector('.LayerStepper-name')?.textContent === 'final norm' && document.querySelector('.CloudProgress') === null && epochs.size > 0) {
      const line = document.querySelector('.CloudProgress')?.textContent ?? ''
      const epoch = /UMAP (\d+\/\d+) · optimising/.exec(line)?.[1]
      if (epoch !== undefined) epochs.add(epoch)
      await new Promise(requestAnimationFrame)
    }
    return [...epochs]
  })
  await page.keyboard.press('End')
  await expect(layerStrip(page).getByRole('group', { name: 'Selected layer' })).toContainText('final norm')
  expect((await watched).length).toBeGreaterThan(2)
  await expect(statement(page)).toBeVisible({ timeout: 60_000 })
  await whenCloudSettled(page)
})

test('PCA and UMAP change places', async () => {
  const { page } = window
  await projection(page).getByRole('radio', { name: 'PCA' }).click()
  await expect(projection(page).getByText(/^PC1 · \d+\.\d % of variance$/)).toBeVisible()
  await page.keyboard.press('p')
  await expect(projection(page).getByRole('radio', { name: 'UMAP' })).toBeChecked()
  await expect(projection(page).getByText(/^PC1/)).toBeHidden()
  await whenCloudSettled(page)
})

test('points are coloured by label, correctness and columns, with counts that agree with the scores', async () => {
  const { page } = window
  const legend = projection(page).getByRole('group', { name: /^Legend/ })
  await expect(legend.getByRole('button')).toHaveText([/^0\s*200$/, /^1\s*200$/])

  const choose = async (name: string | RegExp): Promise<void> => {
    await projection(page).getByRole('combobox', { name: 'Colour by' }).click()
    await page.getByRole('option', { name }).click()
  }
  await choose(/^correctness/)
  await expect(legend.getByRole('button', { name: /^correct/ })).toBeVisible()
  const correct = Number((await legend.getByRole('button', { name: /^correct/ }).textContent())?.replace(/\D/g, ''))
  const chosen = (await layerStrip(page).getByRole('group', { name: 'Selected layer' }).getByRole('status').textContent()) ?? ''
  const accuracy = Number.parseFloat((await readLayers(page)).find(({ layer }) => layer === chosen)?.values[0] ?? '')
  // The written accuracy has one digit after the point at most.
  expect(Math.abs(correct / rowCount * 100 - accuracy)).toBeLessThanOrEqual(0.51)

  await choose(/^probe score/)
  await expect(legend.locator('svg')).toBeVisible()
  await choose(/^city/)
  await expect(legend.getByRole('button').first()).toBeVisible()
  await page.keyboard.press('1')
  await expect(legend.getByRole('button')).toHaveText([/^0\s*200$/, /^1\s*200$/])
})

test('a box selects every point inside it, and a hidden class is not selected', async () => {
  const { page } = window
  await page.keyboard.press('b')
  const { left, right, top, bottom } = await corners()
  await drag(page, [[right, top], [left, bottom]])
  await expect(projection(page).getByText(`${rowCount} of ${rowCount} rows selected`)).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(projection(page).getByText(/rows selected/)).toBeHidden()

  const ones = projection(page).getByRole('group', { name: /^Legend/ }).getByRole('button', { name: /^1/ })
  await ones.click()
  await expect(ones).toHaveAttribute('aria-pressed', 'false')
  await drag(page, [[right, top], [left, bottom]])
  await expect(projection(page).getByText(`200 of ${rowCount} rows selected`)).toBeVisible()
  const shares = inspector(page).getByRole('region', { name: 'Selection' })
  await expect(shares.getByRole('row', { name: /^0/ })).toContainText('100')
  await ones.click()
  await page.keyboard.press('Escape')
})

test('a lasso selects what it goes around; undo and redo go back and forth', async () => {
  const { page } = window
  await projection(page).getByRole('radio', { name: 'Lasso' }).click()
  const { left, right, top, bottom } = await corners()
  const middle = (left + right) / 2
  await drag(page, [[middle, top], [right, top], [right, bottom], [middle, bottom]])
  const counted = projection(page).getByText(new RegExp(`^\\d+ of ${rowCount} rows selected`))
  await expect(counted).toBeVisible()
  const half = await counted.textContent()
  const rows = Number.parseInt(half ?? '', 10)
  expect(rows).toBeGreaterThan(0)
  expect(rows).toBeLessThan(rowCount)
  await expect(inspector(page).getByRole('heading', { name: new RegExp(`^${rows} rows? selected`) })).toBeVisible()

  await page.keyboard.press('Control+z')
  await expect(counted).toBeHidden()
  await page.keyboard.press('Control+Shift+z')
  await expect(counted).toHaveText(half ?? '')

  // The other half with Shift joins the first.
  await page.keyboard.down('Shift')
  await drag(page, [[middle, top], [left, top], [left, bottom], [middle, bottom]])
  await page.keyboard.up('Shift')
  await expect(counted).toHaveText(new RegExp(`^${rowCount} of`))
  await page.keyboard.press('Control+z')
  await expect(counted).toHaveText(half ?? '')
})

test('the table shows, sorts and searches rows, and only the selection where asked', async () => {
  const { page } = window
  const selected = Number.parseInt(await projection(page).getByText(/rows selected/).textContent() ?? '', 10)
  await page.keyboard.press('Control+j')
  const table = page.getByRole('region', { name: 'Table' })
  const rows = table.getByRole('grid').getByRole('row')
  await expect(table.getByRole('heading')).toHaveText('400 rows')
  await table.getByRole('checkbox', { name: /^Only the selection/ }).click()
  await expect(table.getByRole('heading')).toHaveText(`${selected} ${selected === 1 ? 'row' : 'rows'} of 400`)
  await table.getByRole('checkbox', { name: /^Only the selection/ }).click()
  await expect(table.getByRole('heading')).toHaveText('400 rows')

  const cities = rows.locator('[role="gridcell"]:nth-child(4)')
  await table.getByRole('columnheader', { name: 'city' }).getByRole('button').click()
  await expect(table.getByRole('columnheader', { name: 'city' })).toHaveAttribute('aria-sort', 'ascending')
  await expect(async () => {
    const shown = await cities.allTextContents()
    expect(shown.length).toBeGreaterThan(2)
    expect(shown).toEqual([...shown].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
  }).toPass()

  // By keys alone, too.
  const byLabel = table.getByRole('columnheader', { name: 'label' })
  await byLabel.getByRole('button').focus()
  await page.keyboard.press('Space')
  await expect(byLabel).toHaveAttribute('aria-sort', 'ascending')
  await page.keyboard.press('Enter')
  await expect(byLabel).toHaveAttribute('aria-sort', 'descending')
  await table.getByRole('columnheader', { name: 'city' }).getByRole('button').click()

  await table.getByRole('textbox', { name: 'Search rows' }).fill('Shenzhen')
  await expect(table.getByRole('heading')).toHaveText(/^\d rows of 400$/)
  for (const text of await cities.allTextContents()) expect(text).toBe('Shenzhen')
  await table.getByRole('button', { name: 'Clear search' }).click()
  await table.getByRole('columnheader', { name: 'city' }).getByRole('button').click()
  await table.getByRole('columnheader', { name: 'city' }).getByRole('button').click()
  await expect(table.getByRole('columnheader', { name: 'city' })).toHaveAttribute('aria-sort', 'none')
})

test('a row of the table, its point and the inspector are one; hovering shows its text', async () => {
  const { page } = window
  await page.keyboard.press('Escape')
  const table = page.getByRole('region', { name: 'Table' })
  await table.getByRole('grid').getByRole('row').filter({ hasText: 'Shenzhen is a city in China.' }).first().click()
  const text = inspector(page).getByRole('region', { name: 'Text' })
  await expect(text).toContainText(inTokens('Shenzhen is a city in China.'))
  await page.keyboard.press('Control+j')
  await expect(table).toBeHidden()

  const place = await focusedPoint(page)
  await page.keyboard.press('Escape')
  await expect(inspector(page).getByText('Nothing is picked yet')).toBeVisible()
  await page.keyboard.press('v')
  await page.mouse.move(place.x, place.y)
  const tip = page.locator('.CloudTip')
  await expect(tip).toContainText('is a city in')
  const hovered = await tip.locator('p').first().textContent()
  await page.mouse.click(place.x, place.y)
  await expect(text).toContainText(inTokens(hovered ?? ''))

  // Its neighbours in the full space, each one click away, with rings in the cloud.
  const neighbors = inspector(page).getByRole('region', { name: 'Nearest rows' }).getByRole('listitem')
  await expect(neighbors).toHaveCount(10)
  await expect(page.locator('.CloudOverlay-neighbor')).toHaveCount(10)
  const nearest = await neighbors.first().locator('.Neighbors-text').textContent()
  await neighbors.first().getByRole('button').click()
  await expect(text).toContainText(inTokens(nearest ?? ''))
})

test('zooming to the selection changes the view, and Show all brings it back', async () => {
  const { page } = window
  const before = await focusedPoint(page)
  await page.keyboard.press('f')
  await expect.poll(async () => Math.hypot((await focusedPoint(page)).x - before.x, (await focusedPoint(page)).y - before.y)).toBeGreaterThan(10)
  await projection(page).getByRole('button', { name: 'Show all' }).click()
  await expect.poll(async () => Math.hypot((await focusedPoint(page)).x - before.x, (await focusedPoint(page)).y - before.y)).toBeLessThan(1)
})

test('a dataset can be replaced while results of the first stay readable', async () => {
  const { page } = window
  const other = await writeStatements(join(files.path, 'others.csv'), 60)
  const score = await statement(page).textContent()
  await dropFiles(page, modelCard(page), [other])
  await expect(page.getByRole('region', { name: 'Dataset', exact: true }).getByText(/^60 rows/)).toBeVisible()
  await expect(statement(page)).toHaveText(score ?? '')
})
