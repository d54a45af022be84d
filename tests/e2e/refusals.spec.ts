/** What the window refuses, and what it says when its engine will not stay alive. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { dropFiles, expect, test } from './electron'
import { datasetCard, engineProcesses, temporaryFolder, writeStatements } from './workbench'

test('evaluation, permissions, navigation and new windows are refused', async ({ launch }) => {
  // A camera there is, so that it is the permission that is refused.
  const { app, page } = await launch({ args: ['--use-fake-device-for-media-stream'] })
  await expect(page.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
  const answers = await page.evaluate(async () => {
    // As the page's own scripts would: the debugger's evaluation is above the policy, so a listener runs it later.
    const evaluated = await new Promise<string>((resolve) => {
      setTimeout(() => { try { resolve(String((0, eval)('1 + 1'))) } catch (error) { resolve(error instanceof Error ? error.name : '') } })
    })
    const camera = await navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'given', (error: unknown) => error instanceof Error ? error.name : '')
    const place = await new Promise<number>((resolve) => navigator.geolocation.getCurrentPosition(() => resolve(0), ({ code }) => resolve(code)))
    return { evaluated, camera, place, opened: window.open('app://layerscope/index.html') === null }
  })
  expect(answers).toEqual({ evaluated: 'EvalError', camera: 'NotAllowedError', place: 1, opened: true })
  const before = page.url()
  await page.evaluate(() => { location.href = 'https://example.org/' })
  await page.waitForTimeout(500)
  expect(page.url()).toBe(before)
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
})

test('a file that nobody chose is refused to the page, by main and by the engine', async ({ launch }) => {
  const files = await temporaryFolder()
  const { page } = await launch()
  await expect(page.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
  for (const folder of ['chosen', 'secret']) await mkdir(join(files.path, folder))
  const [chosen, secret] = [await writeStatements(join(files.path, 'chosen', 'cities.csv'), 40), await writeStatements(join(files.path, 'secret', 'cities.csv'), 40)]
  await dropFiles(page, page.locator('body'), [chosen])
  await expect(datasetCard(page).getByText(/^40 rows/)).toBeVisible()

  expect(await page.evaluate(async (path) => ({
    recipe: await window.layerscope.readRecipe(path),
    model: await window.layerscope.pickModel(path),
    written: await window.layerscope.writeFile(path, new Uint8Array(1)).then(() => 'written', () => 'refused')
  }), secret)).toMatchObject({ recipe: { ok: false, error: { code: 'path-refused' } }, model: false, written: 'refused' })

  // A port of its own, as a page that has been taken over would use it.
  const ask = (requests: readonly { readonly name: string; readonly params: object }[]): Promise<readonly string[]> => page.evaluate(async (asked) => {
    const port = await new Promise<MessagePort>((resolve) => {
      addEventListener('message', (event: MessageEvent) => {
        event.stopImmediatePropagation()
        resolve(event.ports[0] as MessagePort)
      }, { capture: true, once: true })
      window.layerscope.requestEnginePort()
    })
    return Promise.all(asked.map(({ name, params }, id) => new Promise<string>((resolve) => {
      port.addEventListener('message', ({ data }: MessageEvent<{ id: number; kind: string; error?: { code: string } }>) => {
        if (data.id === id && data.kind !== 'event') resolve(data.error?.code ?? data.kind)
      })
      port.start()
      port.postMessage({ kind: 'request', id, name, params })
    })))
  }, requests)
  const sideways = `${chosen}/../../secret/cities.csv`
  expect(await ask([
    { name: 'dataset.open', params: { path: chosen, read: {} } },
    { name: 'dataset.open', params: { path: secret, read: {} } },
    { name: 'dataset.open', params: { path: sideways, read: {} } },
    { name: 'model.open', params: { path: secret, provider: 'cpu' } },
    { name: 'session.open', params: { path: files.path } }
  ])).toEqual(['result', ...new Array<string>(4).fill('path-not-granted')])
  await files.remove()
})

test('before the drop the window says what each kind of thing will be', async ({ launch }) => {
  const { page } = await launch()
  await expect(page.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
  for (const [path, promise] of [
    ['/somewhere/model.onnx', 'Open as model, dataset or session'], ['/somewhere/data.csv', 'Open as dataset'], ['/somewhere/Run.layerscope', 'Open as model, dataset or session'],
    ['/somewhere/recipe.json', 'Open as dataset or recipe'], ['/somewhere/Run.zip', 'Open as exported session'], ['/somewhere/picture.png', 'Pictures cannot be opened']
  ] as const) {
    await dropFiles(page, page.locator('body'), [path], 'hover')
    await expect(page.locator('.DropTarget')).toHaveText(promise)
  }
})

test('an engine that keeps dying is given up on, and started when asked', async ({ launch }) => {
  const launched = await launch()
  const { page } = launched
  await expect(page.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
  let last = 0
  for (let death = 0; death < 5; death++) {
    await expect.poll(async () => (await engineProcesses(launched)).find((pid) => pid !== last) ?? 0, { timeout: 15_000 }).toBeGreaterThan(0)
    last = (await engineProcesses(launched)).find((pid) => pid !== last) ?? 0
    process.kill(last, 'SIGKILL')
  }
  const notices = page.getByRole('region', { name: 'Notices' })
  await expect(notices).toContainText('not started again by itself')
  await expect(page.getByText('Engine has stopped')).toBeVisible()
  await notices.getByRole('button', { name: 'Start the engine again' }).click()
  await expect(page.getByText('Engine has stopped')).toBeHidden()
  await expect.poll(async () => (await engineProcesses(launched)).length).toBe(1)
})
