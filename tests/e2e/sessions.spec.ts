/** Sessions that meet others, and sessions whose files changed while they were closed. */
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { answerMessageBox, answerOpenDialog, answerSaveDialog, countFocus, dropFiles, expect, messageBoxesAsked, startApp, test, whenAnswered, type LaunchedApp } from './electron'
import { atlasModel, datasetCard, layerStrip, modelCard, openModelAndDataset, runButton, runToEnd, statement, temporaryFolder, windowTitle, writeStatements } from './workbench'

const commandLine = fileURLToPath(new URL('../../out/main/cli.js', import.meta.url))

let files: Awaited<ReturnType<typeof temporaryFolder>>
/** A session of a model and a dataset that lie beside it, made in the terminal; each test takes a copy. */
let made: string

test.beforeAll(async () => {
  files = await temporaryFolder()
  const folder = join(files.path, 'made')
  await mkdir(folder)
  await cp(atlasModel, join(folder, 'model'), { recursive: true })
  await writeStatements(join(folder, 'cities.csv'), 120)
  const recipe = join(folder, 'recipe.json')
  await writeFile(recipe, JSON.stringify({
    format: 'layerscope-recipe', version: 1, model: { path: 'model' },
    dataset: { path: 'cities.csv', roles: { text: { kind: 'template', template: '<|end|>{statement}' }, label: 'label', group: 'city' } },
    projection: { method: 'pca' }
  }))
  await promisify(execFile)(process.execPath, [commandLine, 'run', recipe, '--out', join(folder, 'Cities.layerscope'), '--json'], { maxBuffer: 1 << 26 })
  made = folder
})

test.afterAll(async () => { await files?.remove() })

/** A copy of the session and what it was made from, in a folder of its own. */
async function copyOfSession(name: string): Promise<{ readonly folder: string; readonly session: string }> {
  const folder = join(files.path, name)
  await cp(made, folder, { recursive: true })
  return { folder, session: join(folder, 'Cities.layerscope') }
}

function notices({ page }: Pick<LaunchedApp, 'page'>) {
  return page.getByRole('region', { name: 'Notices' })
}

test('opening a session over results that were never saved asks first', async ({ launch }) => {
  const { session } = await copyOfSession('asks')
  const launched = await launch()
  const { app, page } = launched
  await openModelAndDataset(launched, atlasModel, await writeStatements(join(files.path, 'others.csv'), 80))
  await runToEnd(page)
  const unsaved = (await statement(page).textContent()) ?? ''

  await answerMessageBox(app, 1)
  await dropFiles(page, layerStrip(page), [session])
  await expect.poll(() => messageBoxesAsked(app)).toEqual([expect.stringContaining('before opening another session?')])
  await whenAnswered(page)
  await expect(statement(page)).toHaveText(unsaved)
  await expect(datasetCard(page).getByText('others.csv')).toBeVisible()

  // Saved where the person says, then the other one takes its place.
  const saved = join(files.path, 'Others.layerscope')
  await answerMessageBox(app, 0)
  await answerSaveDialog(app, saved)
  await dropFiles(page, layerStrip(page), [session])
  await expect(datasetCard(page).getByText('cities.csv')).toBeVisible()
  await expect.poll(() => windowTitle(launched)).toContain('Cities')
  expect(existsSync(join(saved, 'runs', 'run-1', 'sweep.json'))).toBe(true)
})

test('a session that another window or another Layerscope has open is not opened twice', async ({ launch }) => {
  const { session } = await copyOfSession('twice')
  const first = await launch({ args: ['--open', session] })
  await expect(statement(first.page)).toBeVisible()

  // A second window of the same application: the first one comes to the front.
  const [second] = await Promise.all([first.app.waitForEvent('window'), first.page.keyboard.press('ControlOrMeta+n')])
  await expect(second.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
  const focused = await countFocus(first.app, first.page)
  await dropFiles(second, second.locator('body'), [session])
  await expect.poll(focused).toBe(1)
  await whenAnswered(second)
  await expect(second.getByRole('heading', { name: /layer by layer/ })).toBeVisible()

  // Another application, with settings of its own.
  const other = await launch({ args: ['--open', session] })
  await expect(notices(other)).toContainText('open in another window')
  await expect(other.page.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
  await first.close()
  await dropFiles(other.page, other.page.locator('body'), [session])
  await expect(statement(other.page)).toBeVisible()
})

test('a session of a newer version, or one that was damaged, is refused in words and changes nothing', async ({ launch }) => {
  const { session, folder } = await copyOfSession('newer')
  const launched = await launch({ args: ['--open', session] })
  const { page } = launched
  await expect(statement(page)).toBeVisible()
  const kept = (await statement(page).textContent()) ?? ''

  const newer = join(folder, 'Newer.layerscope')
  await cp(made, join(folder, 'again'), { recursive: true })
  await rename(join(folder, 'again', 'Cities.layerscope'), newer)
  const file = join(newer, 'session.json')
  const whole = await readFile(file, 'utf8')
  await writeFile(file, whole.replace(/"version":\s*\d+/, '"version": 999'))
  await dropFiles(page, layerStrip(page), [newer])
  await expect(notices(launched)).toContainText(/newer/)
  await expect(statement(page)).toHaveText(kept)
  await notices(launched).getByRole('button', { name: 'Dismiss' }).click()

  await writeFile(file, whole.slice(0, whole.length / 2))
  await dropFiles(page, layerStrip(page), [newer])
  await expect(notices(launched)).toContainText(/session\.json/)
  await expect(statement(page)).toHaveText(kept)
})

test('a session whose activations are gone shows its scores and says what is missing; Run makes them anew', async ({ launch }) => {
  const { session } = await copyOfSession('missing')
  await rm(join(session, 'runs', 'run-1', 'blocks.2.hook_resid_post.safetensors'))
  const launched = await launch({ args: ['--open', session] })
  const { page } = launched
  await expect(statement(page)).toBeVisible()
  await expect(notices(launched)).toContainText(/blocks\.2\.hook_resid_post/)
  const score = (await statement(page).textContent()) ?? ''
  await expect(modelCard(page).getByText('4 checks passed')).toBeVisible()
  await runToEnd(page)
  await expect(statement(page)).toHaveText(score)
})

test('a model that moved is asked for and located; the run goes on being the same', async ({ launch }) => {
  const { folder, session } = await copyOfSession('moved')
  const moved = join(files.path, 'elsewhere')
  await mkdir(moved)
  // The session looks at the old absolute path, then beside itself.
  await rename(made, join(files.path, 'made-away'))
  try {
    await rename(join(folder, 'model'), join(moved, 'model'))
    const launched = await launch({ args: ['--open', session] })
    const { app, page } = launched
    await expect(statement(page)).toBeVisible()
    await expect(notices(launched)).toContainText('not where it was when the session was saved')
    await expect(runButton(page)).toBeDisabled()
    await answerOpenDialog(app, [join(moved, 'model')])
    await notices(launched).getByRole('button', { name: 'Locate…' }).click()
    await page.getByRole('dialog', { name: 'Open model' }).getByRole('button', { name: /^Choose folder/ }).click()
    await expect(modelCard(page).getByText('4 checks passed')).toBeVisible()
    await expect(runButton(page)).toBeEnabled()
    await page.getByRole('button', { name: /^Run/ }).first().click()
    await expect(page.getByRole('region', { name: 'Runs so far' }).getByRole('button')).toHaveCount(1)
  } finally {
    await rename(join(files.path, 'made-away'), made)
  }
})

test('a dataset that moved is located with the columns that the session had chosen', async ({ launch }) => {
  const { folder, session } = await copyOfSession('moved-data')
  await rename(made, join(files.path, 'made-away'))
  try {
    const moved = join(folder, 'elsewhere.csv')
    await rename(join(folder, 'cities.csv'), moved)
    const launched = await launch({ args: ['--open', session] })
    const { app, page } = launched
    const card = datasetCard(page)
    // Nothing there yet: what was chosen survives another try.
    await card.getByRole('button', { name: 'Try again' }).click()
    await answerOpenDialog(app, [moved])
    await card.getByRole('button', { name: 'Locate…' }).click()
    await expect(card.getByText('<|end|>{statement}')).toBeVisible()
    await expect(runButton(page)).toBeEnabled()
    await runButton(page).click()
    await expect(statement(page)).toBeVisible()
    await expect(page.getByRole('region', { name: 'Runs so far' }).getByRole('button')).toHaveCount(1)
  } finally {
    await rename(join(files.path, 'made-away'), made)
  }
})

test('a recent session opens in the window that is still empty', async () => {
  const { session } = await copyOfSession('recent')
  const launched = await startApp()
  try {
    const { app, page } = launched
    const openRecent = (): Promise<void> => app.evaluate(({ Menu }) => {
      const items = Menu.getApplicationMenu()?.items.flatMap(({ submenu }) => submenu?.items ?? []) ?? []
      const recent = items.find(({ label }) => label === 'Open recent')?.submenu?.items[0]
      recent?.click()
    })
    await expect(page.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
    await dropFiles(page, page.locator('body'), [session])
    await expect(statement(page)).toBeVisible()
    const [empty] = await Promise.all([app.waitForEvent('window'), page.keyboard.press('ControlOrMeta+n')])
    await expect(empty.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
    await page.close()
    await openRecent()
    await expect(statement(empty)).toBeVisible()
    expect(app.windows()).toHaveLength(1)
  } finally {
    await launched.close()
  }
})
