/** Files that are broken, or say less than a probe needs: a sentence each, and what was open stays. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dropFiles, expect, startApp, test, type LaunchedApp } from './electron'
import { minilmModel } from './statements'
import { atlasModel, chooseModel, datasetCard, layerStrip, modelCard, openModelAndDataset, runButton, runToEnd, temporaryFolder, writeStatements } from './workbench'

test.describe.configure({ mode: 'serial' })

let files: Awaited<ReturnType<typeof temporaryFolder>>
let window: LaunchedApp

test.beforeAll(async () => {
  files = await temporaryFolder()
  window = await startApp()
  await openModelAndDataset(window, atlasModel, await writeStatements(join(files.path, 'good.csv'), 40))
})

test.afterAll(async () => {
  await window?.close()
  await files?.remove()
})

async function drop(name: string, content: string | Uint8Array): Promise<void> {
  const path = join(files.path, name)
  await writeFile(path, content)
  // Not a view: while a dialog is open those are hidden from what tests and screen readers find.
  await dropFiles(window.page, window.page.locator('body'), [path])
}

const lines = (rows: readonly string[]): string => `${rows.join('\n')}\n`

test('a dataset that cannot be read leaves the open one', async () => {
  const { page } = window
  const notices = page.getByRole('region', { name: 'Notices' })
  for (const [name, content, says] of [
    ['empty.csv', '', /empty/],
    ['header.csv', 'statement,label\n', /no rows|header/],
    ['torn.parquet', 'PAR1 and no more', /Parquet|PARQUET/i],
    ['torn.json', '[{"statement": "Paris is', /JSON/]
  ] as const) {
    await drop(name, content)
    await expect(notices).toContainText(says)
    await expect(notices).toContainText('good.csv stays open')
    await expect(datasetCard(page).getByText(/^40 rows/)).toBeVisible()
    await expect(runButton(page)).toBeEnabled()
    await notices.getByRole('button', { name: 'Dismiss' }).click()
  }
})

test('a model that cannot be read leaves the open one', async () => {
  const { page } = window
  const notices = page.getByRole('region', { name: 'Notices' })
  await drop('model.onnx', 'not protobuf at all')
  await expect(notices).toContainText('stays open')
  await expect(modelCard(page).getByText('4 checks passed')).toBeVisible()
  await notices.getByRole('button', { name: 'Dismiss' }).click()
})

test('a damaged model says which file it is and what to do', async () => {
  const { page } = window
  const notices = page.getByRole('region', { name: 'Notices' })
  const folder = join(files.path, 'torn')
  await mkdir(folder)
  await writeFile(join(folder, 'config.json'), JSON.stringify({ model_type: 'llama', hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1, intermediate_size: 8, vocab_size: 8, max_position_embeddings: 8 }))
  await writeFile(join(folder, 'model.safetensors'), Buffer.from([255, 255, 0, 0, 0, 0, 0, 0, 123, 125]))
  await writeFile(join(files.path, 'old.gguf'), Buffer.concat([Buffer.from('GGUF'), Buffer.from([1, 0, 0, 0]), Buffer.alloc(64)]))
  for (const [path, says, remedy] of [
    [folder, 'model.safetensors is not a whole safetensors file: its header claims 65535 bytes, the file has 10.', 'Copy or download the file again.'],
    [join(files.path, 'old.gguf'), 'This is a GGUF file of version 1, a format that llama.cpp gave up in 2023.', 'Convert the model again with a current llama.cpp.']
  ] as const) {
    await dropFiles(page, page.locator('body'), [path])
    await expect(notices).toContainText(says)
    await expect(notices).toContainText(remedy)
    await expect(notices).toContainText('stays open')
    await expect(modelCard(page).getByText('4 checks passed')).toBeVisible()
    await notices.getByRole('button', { name: 'Dismiss' }).click()
  }
})

test('cancelling what was opened after a model that failed brings the failed one back', async ({ launch }) => {
  const other = await launch()
  const torn = join(files.path, 'torn.onnx')
  await writeFile(torn, 'not protobuf at all')
  await chooseModel(other, torn)
  const card = modelCard(other.page)
  await expect(card.getByRole('alert')).toBeVisible()
  const said = await card.getByRole('alert').innerText()
  await chooseModel(other, minilmModel)
  await card.getByRole('button', { name: 'Cancel opening the model' }).click()
  await expect(card.getByText('torn.onnx', { exact: true })).toBeVisible()
  expect(await card.getByRole('alert').innerText()).toBe(said)
  await expect(card.getByRole('button', { name: 'Try again' })).toBeVisible()
})

test('a notice beside a dialog is dismissed without leaving the dialog, and covers none of its buttons', async () => {
  const { page } = window
  await datasetCard(page).getByRole('button', { name: 'Choose columns', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'good.csv' })
  await drop('empty-again.csv', '')
  const notices = page.getByRole('region', { name: 'Notices' })
  await expect(notices).toContainText('empty')
  const [notice, done] = [await notices.locator('.NoticeView').boundingBox(), await dialog.getByRole('button', { name: 'Done' }).boundingBox()]
  expect(notice && done && notice.x + notice.width <= done.x).toBe(true)
  await notices.getByRole('button', { name: 'Dismiss' }).click()
  await expect(notices).not.toContainText('empty')
  await expect(dialog).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
})

test('rows that cannot be read are counted with their numbers, the others load', async () => {
  const { page } = window
  await drop('bytes.csv', Buffer.concat([
    Buffer.from('statement,label\n'), Buffer.from(lines(Array.from({ length: 12 }, (_, row) => `Row ${row} is fine.,${row % 2}`))),
    Buffer.from([0x42, 0x61, 0x64, 0xff, 0xfe, 0x2c, 0x31, 0x0a]), Buffer.from('"too","many","cells"\n')
  ]))
  await expect(datasetCard(page).getByText('bytes.csv')).toBeVisible()
  await datasetCard(page).getByRole('button', { name: /problems? to look at/ }).click()
  const dialog = page.getByRole('dialog', { name: 'bytes.csv' })
  await expect(dialog).toContainText(/UTF-8/)
  await expect(dialog).toContainText(/1[45]/)
  await page.keyboard.press('Escape')
})

test('one class alone, or no label, says why there is nothing to probe', async () => {
  const { page } = window
  await drop('one-class.csv', `statement,label\n${lines(Array.from({ length: 20 }, (_, row) => `City ${row} is a city.,yes`))}`)
  // No column is evidently the label: it is asked for.
  const dialog = page.getByRole('dialog', { name: 'one-class.csv' })
  await dialog.getByRole('combobox', { name: 'Label column' }).click()
  await page.getByRole('option', { name: /^label/ }).click()
  await expect(dialog).toContainText('there is nothing to tell apart')
  await page.keyboard.press('Escape')
  await expect(page.locator('#run-note')).toHaveText('Every row has the same “label”: choose another label.')
  await expect(runButton(page)).toBeDisabled()
})

test('a test column that tears groups apart is told before the run, first in the strip, and on the card', async () => {
  const { page } = window
  const [header = '', ...rows] = (await readFile(await writeStatements(join(files.path, 'plain.csv'), 160), 'utf8')).trimEnd().split('\n')
  // Every city has statements of both kinds here: its first is a test row, the others are not.
  const seen = new Set<string>()
  const marked = rows.map((line) => {
    const city = line.split(',').at(-1) ?? ''
    const first = !seen.has(city)
    seen.add(city)
    return `${line},${first ? 1 : 0}`
  })
  await drop('split.csv', lines([`${header},is_test`, ...marked]))
  await expect(datasetCard(page).getByText('split.csv')).toBeVisible()
  await datasetCard(page).getByRole('button', { name: 'Choose columns', exact: true }).click()
  const columns = page.getByRole('dialog', { name: 'split.csv' })
  await expect(columns).toContainText(/“is_test” and “city” disagree: \d+ groups of the \d+ with test rows also have training rows \(“/)
  await columns.getByRole('button', { name: 'Done' }).click()
  await runToEnd(page)
  const told = /\d+ of \d+ groups of the test rows also occur in training \(“.+” and \d+ more\), with \d+ of \d+ test rows/
  await expect(layerStrip(page).getByRole('button', { name: told })).toBeVisible()
  await page.keyboard.press('Shift+C')
  const card = page.getByRole('dialog')
  await expect(card.getByText(told)).toBeVisible()
  await page.keyboard.press('Escape')
})
