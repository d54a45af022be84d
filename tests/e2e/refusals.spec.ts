/** What the window refuses, and what it says when its engine will not stay alive. */
import { dropFiles, expect, test } from './electron'
import { engineProcesses } from './workbench'

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
