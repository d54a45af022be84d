/** Numbers predicted from a layer: the map of places, the plot of other numbers, and the rows held out together. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answerSaveDialog, expect, startApp, test, type LaunchedApp } from './electron'
import { statement, temporaryFolder } from './workbench'

const resources = fileURLToPath(new URL('../../resources', import.meta.url))
let files: Awaited<ReturnType<typeof temporaryFolder>>
test.beforeAll(async () => { files = await temporaryFolder() })
test.afterAll(async () => { await files?.remove() })

/** A window that has run ridge on the sample's cities, every fourth row, with these targets. */
async function ran(label: string, moreTargets: readonly string[]): Promise<LaunchedApp> {
  const [header, ...lines] = (await readFile(join(resources, 'samples', 'minilm-latitude', 'city-latitudes.csv'), 'utf8')).trim().split('\n')
  const data = join(files.path, `${label}-${moreTargets.length}.csv`)
  await writeFile(data, [header, ...lines.filter((_, i) => i % 4 === 0)].join('\n'))
  const recipe = join(files.path, `${label}-${moreTargets.length}.json`)
  await writeFile(recipe, JSON.stringify({
    format: 'layerscope-recipe', version: 1, model: { path: join(resources, 'models', 'minilm') },
    dataset: { path: data, roles: { text: { kind: 'template', template: '{city} is a city in {country}.' }, label, moreTargets, group: 'country' } },
    extraction: { positions: { kind: 'mean' } }, probe: { task: 'numeric', methods: ['ridge'], strengths: 4 }
  }))
  const launched = await startApp({ args: ['--open', recipe] })
  const run = launched.page.getByRole('button', { name: /^(Run|Continue run)( Ctrl|$)/ })
  await expect(run).toBeEnabled({ timeout: 60_000 })
  await run.click()
  await expect(statement(launched.page)).toBeVisible({ timeout: 60_000 })
  return launched
}

test('places stand on the map; a held-out country is brought out; rows are walked from the largest error', async () => {
  const window = await ran('latitude', ['longitude'])
  const { app, page } = window
  try {
    await page.getByRole('tab', { name: 'Map' }).click()
    const map = page.getByRole('region', { name: 'Map' })
    await expect(map.getByText(/^Great-circle error [\d,]+ ± [\d,]+ km · text only [\d,]+ km, always the mean [\d,]+ km$/)).toBeVisible()
    const plot = map.getByRole('group', { name: /^Map of \d+ held-out rows/ })
    const pixels = (): Promise<string> => plot.locator('canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL())
    const all = await pixels()
    await map.getByRole('combobox', { name: 'Held out by country' }).click()
    const country = page.getByRole('option').nth(1)
    await expect(country).toContainText(/off by [\d,]+ km on average · \d+ rows?$/)
    await country.click()
    await expect.poll(pixels).not.toBe(all)

    await plot.focus()
    await page.keyboard.press('ArrowDown')
    const tip = map.getByRole('status')
    await expect(tip).toContainText('held out with country')
    const errors = [await tip.textContent()]
    await page.keyboard.press('ArrowDown')
    await expect(tip).not.toHaveText(errors[0] ?? '')
    errors.push(await tip.textContent())
    const [first, second] = errors.map((text) => Number(/off by ([\d,]+) km/.exec(text ?? '')?.[1]?.replaceAll(',', '')))
    expect(first).toBeGreaterThanOrEqual(second ?? Infinity)

    // Its table has the rows of the map, the worst first.
    await map.getByRole('button', { name: 'Show as table' }).click()
    await expect(map.getByText(`${(first ?? 0).toLocaleString('en-US')} km`).first()).toBeVisible()
    await answerSaveDialog(app, join(files.path, 'map.svg'))
    await map.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: 'Export figure as SVG…' }).click()
    await expect.poll(() => readFile(join(files.path, 'map.svg'), 'utf8').catch(() => '')).toContain('<title>Predicted and true places')

    await page.keyboard.press('Escape')
    await page.keyboard.press('Shift+C')
    await expect(page.getByRole('dialog').getByRole('heading', { name: 'Predicted against actual longitude' })).toBeVisible()
    await expect(page.getByRole('dialog').getByRole('row', { name: /^Great-circle error .* bootstrap$/ })).toBeVisible({ timeout: 30_000 })
  } finally {
    await window.close()
  }
})

test('one number stands against its actual value with the R² of the strip', async () => {
  const window = await ran('latitude', [])
  const { page } = window
  try {
    await page.getByRole('tab', { name: 'Fit' }).click()
    const fit = page.getByRole('region', { name: 'Fit' })
    const said = /R² (−?\.\d+) ± (\.\d+)/.exec(await fit.getByText(/^R² −?\.\d+ ± \.\d+ · text only/).textContent() ?? '')
    await expect(statement(page)).toContainText(`test ${said?.[1] ?? '?'} ± ${said?.[2] ?? '?'}`)
    await expect(fit.getByRole('group', { name: /^Plot of \d+ held-out rows/ })).toBeVisible()
  } finally {
    await window.close()
  }
})
