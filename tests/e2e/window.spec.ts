/** How the window looks and keeps its doors shut. */
import type { Locator, Page } from '@playwright/test'
import { dropFiles, expect, setColorScheme, setWindowSize, test } from './electron'
import { atlasModel } from './statements'
import { temporaryFolder } from './workbench'

test('follows the system between light and dark', async ({ launch }) => {
  const { app, page } = await launch()
  const lightness = () => page.locator('body').evaluate((body) => {
    const [red = 0, green = 0, blue = 0] = (getComputedStyle(body).backgroundColor.match(/[\d.]+/g) ?? []).map(Number)
    return (red + green + blue) / 3
  })
  await setColorScheme(app, page, 'light')
  await expect.poll(lightness).toBeGreaterThan(200)
  await setColorScheme(app, page, 'dark')
  await expect.poll(lightness).toBeLessThan(60)
})

test('fits 1024 × 700 without scrolling sideways', async ({ launch }) => {
  const { app, page } = await launch()
  await dropFiles(page, page.locator('body'), [atlasModel])
  await expect(page.getByText('4 checks passed')).toBeVisible({ timeout: 30_000 })
  await setWindowSize(app, page, 1024, 700)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1024)
  const [run, strip] = [await page.getByRole('button', { name: /^Run/ }).boundingBox(), await page.getByRole('region', { name: 'Layers' }).boundingBox()]
  expect(run && run.y + run.height).toBeLessThanOrEqual(700)
  expect(strip && strip.y + strip.height).toBeLessThanOrEqual(700)
})

test('the palette and the shortcuts answer to the keyboard', async ({ launch }) => {
  const { page } = await launch()
  await expect(page.getByRole('heading', { name: /layer by layer/ })).toBeVisible()
  await page.keyboard.press('ControlOrMeta+k')
  // What can be done now stands before what cannot, which says why.
  await page.getByRole('combobox').fill('um')
  await expect(page.getByRole('option')).toHaveText([/^PCA or UMAP/, /^Choose columns….*Open a dataset first/])
  await page.getByRole('combobox').fill('shortcuts')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog').getByText(/shortcuts/i).first()).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})

test('the tour points at a real control in each of its five steps and can be left at any of them', async ({ launch }) => {
  const { app, page } = await launch()
  await dropFiles(page, page.locator('body'), [atlasModel])
  await expect(page.getByText('4 checks passed')).toBeVisible({ timeout: 30_000 })
  const tour = page.getByRole('dialog').filter({ hasText: /of 5/ })
  const begin = async (): Promise<void> => {
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('combobox').fill('tour')
    await page.keyboard.press('Enter')
    await expect(tour.getByText('1 of 5')).toBeVisible()
  }
  for (const step of [1, 2, 3, 4, 5]) {
    await begin()
    for (let at = 1; at < step; at++) await page.keyboard.press('ArrowRight')
    await expect(tour.getByText(`${step} of 5`)).toBeVisible()
    // What stands in the middle of the light, under the tour itself, is a control that the tour names, all of it in the window.
    await expect.poll(() => page.evaluate(() => {
      const light = document.querySelector('.Tour-light')?.getBoundingClientRect()
      if (!light) return 'no light'
      const marked = [...document.querySelectorAll('[data-tour]')].find((control) => {
        const box = control.getBoundingClientRect()
        return box.width > 0 && Math.abs(box.left + box.width / 2 - light.left - light.width / 2) < 8 && box.top >= light.top - 1
      })
      return marked && light.left >= 0 && light.right <= innerWidth && light.bottom <= innerHeight ? 'a control' : 'nothing'
    })).toBe('a control')
    if (step % 2 === 0) await page.keyboard.press('Escape')
    else await tour.getByRole('button', { name: step === 5 ? 'Done' : 'Leave' }).click()
    await expect(tour).toBeHidden()
  }
  // A set-up column that is longer than its room is lit from its top down to where it is cut off.
  await setWindowSize(app, page, 1024, 700)
  await page.getByRole('button', { name: 'Details' }).click()
  await page.getByText('Licence').scrollIntoViewIfNeeded()
  await expect(page.getByText('atlas-lm', { exact: true }).last()).not.toBeInViewport()
  await begin()
  await expect(page.getByText('atlas-lm', { exact: true }).last()).toBeInViewport()
  const [light, run] = [await page.locator('.Tour-light').boundingBox(), await page.getByRole('button', { name: /^Run/ }).boundingBox()]
  expect(light && run && light.y + light.height <= run.y).toBe(true)
})

test('the page has no Node, runs no foreign code and reaches nothing', async ({ launch }) => {
  const { page } = await launch()
  expect(await page.evaluate(() => ['require', 'process', 'module', 'Buffer'].filter((name) => name in window))).toEqual([])
  expect(new URL(page.url()).protocol).toBe('app:')
  const answers = await page.evaluate(async () => {
    const status = async (url: string): Promise<number | string> => { try { return (await fetch(url)).status } catch { return 'refused' } }
    return {
      headers: (await fetch(location.href)).headers.get('content-security-policy') ?? '',
      escapes: [await status('app://layerscope/../package.json'), await status('app://layerscope/%2e%2e/package.json'), await status('app://layerscope/..%2f..%2fpackage.json')],
      network: await status('https://example.org/'),
      opened: window.open('https://example.org/') === null,
      notification: (await navigator.permissions.query({ name: 'notifications' })).state
    }
  })
  expect(answers.headers).toContain("default-src 'none'")
  expect(answers.headers).not.toContain('unsafe')
  for (const escape of answers.escapes) expect([404, 'refused']).toContain(escape)
  expect(answers).toMatchObject({ network: 'refused', opened: true, notification: 'denied' })
  // A script element with text in it is refused by the policy.
  expect(await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'window.ran = true'
    document.body.append(script)
    return 'ran' in window
  })).toBe(false)
})

test('panels keep the width they were dragged to, and stay hidden, when Layerscope is started again', async ({ launch }) => {
  const settings = await temporaryFolder()
  try {
    const begin = async (): Promise<{ readonly page: Page; readonly divider: Locator; close(): Promise<void> }> => {
      const { page, close } = await launch({ userData: settings.path })
      await dropFiles(page, page.locator('body'), [atlasModel])
      await expect(page.getByText('4 checks passed')).toBeVisible({ timeout: 30_000 })
      return { page, divider: page.getByRole('separator', { name: 'Width of the set-up' }), close }
    }
    const left = (divider: Locator): Promise<number> => divider.evaluate((element) => element.getBoundingClientRect().left)
    const inspectorWidth = async (page: Page): Promise<number> => (await page.getByRole('complementary', { name: 'Inspector' }).boundingBox())?.width ?? 0
    const first = await begin()
    const before = await left(first.divider)
    expect(await inspectorWidth(first.page)).toBeGreaterThan(200)
    await first.page.mouse.move(before, 300)
    await first.page.mouse.down()
    await first.page.mouse.move(before + 60, 300, { steps: 4 })
    await first.page.mouse.up()
    await expect.poll(async () => Math.round(await left(first.divider) - before)).toBe(60)
    await first.page.getByRole('button', { name: 'Inspector', exact: true }).click()
    await expect.poll(() => inspectorWidth(first.page)).toBe(0)
    await first.close()

    const second = await begin()
    await expect.poll(async () => Math.round(await left(second.divider) - before)).toBe(60)
    await expect.poll(() => inspectorWidth(second.page)).toBe(0)
  } finally {
    await settings.remove()
  }
})
