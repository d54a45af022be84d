import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, setColorScheme, setWindowSize, test } from './electron'

const models = fileURLToPath(new URL('../../resources/models', import.meta.url))
const pictures = process.env['LAYERSCOPE_PICTURES']

test.describe('a language model from a GGUF file', () => {
  test('shows a prompt’s tokens and next tokens, continues it and stops', async ({ launch }) => {
    const { app, page } = await launch({ args: ['--open', join(models, 'smollm2-135m-instruct')] })
    await setWindowSize(app, page, 1440, 900)
    const card = page.getByRole('region', { name: 'Model' })
    await expect(card.getByText(/checks? passed/)).toBeVisible({ timeout: 60_000 })
    await expect(card).toContainText('GGUF, Q4_1 (4-bit blocks)')
    await card.getByRole('button', { name: 'Details' }).click()
    await expect(card).toContainText('byte-level BPE')
    await expect(card).toContainText('apache-2.0')

    await page.keyboard.press('ControlOrMeta+p')
    const dialog = page.getByRole('dialog', { name: 'Try a prompt' })
    await expect(dialog.getByLabel('Prompt', { exact: true })).toBeFocused()
    await dialog.getByLabel('Prompt', { exact: true }).fill('The capital of Germany is')
    const next = dialog.getByRole('list', { name: 'Most probable next tokens' })
    await expect(next.getByRole('listitem')).toHaveCount(11)
    await expect(next.getByRole('button').first()).toContainText('·Berlin')
    await expect(dialog.getByText('5 tokens', { exact: true })).toBeVisible()

    await dialog.getByRole('group', { name: 'Tokens of the prompt' }).focus()
    await page.keyboard.press('End')
    await expect(dialog.locator('#token-detail')).toHaveText(/^token 4 · id \d+ · bytes 20 69 73$/)
    await next.getByRole('button').first().click()
    await expect(dialog.getByLabel('Prompt', { exact: true })).toHaveValue('The capital of Germany is Berlin')

    await dialog.getByRole('button', { name: 'Generate' }).click()
    await expect(dialog.getByRole('status')).toContainText(/\d+ tokens · \d+(\.\d+)? tokens\/s · /, { timeout: 30_000 })
    await expect(dialog.getByRole('region', { name: 'Generated text' })).toContainText('The capital of Germany is Berlin')
    if (pictures) {
      await page.screenshot({ path: join(pictures, 'prompt-light.png') })
      await setColorScheme(app, page, 'dark')
      await dialog.getByRole('radio', { name: 'Sampled' }).click()
      await setWindowSize(app, page, 1024, 700)
      await page.screenshot({ path: join(pictures, 'prompt-dark-small.png') })
    }

    await dialog.getByLabel('As a message in the model’s chat template').click()
    await expect(dialog.locator('.TokenChip[data-special]').first()).toHaveText('<|im_start|>')
    await dialog.getByLabel('As a message in the model’s chat template').click()
    await expect(dialog.locator('.TokenChip[data-special]')).toHaveCount(0)
    // Counting goes on for more than a thousand tokens: the model does not end the text before Stop is pressed.
    await dialog.getByLabel('Prompt', { exact: true }).fill('1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,')
    await dialog.getByRole('radio', { name: 'Most probable' }).click()
    await dialog.getByLabel('Tokens at most').fill('4000')
    await dialog.getByLabel('Prompt', { exact: true }).press('ControlOrMeta+Enter')
    await expect(dialog.getByRole('status')).toContainText(/^\d+ tokens?$/, { timeout: 30_000 })
    await dialog.getByRole('button', { name: 'Stop' }).click()
    await expect(dialog.getByRole('status')).toContainText(/^\d+ tokens?.* · stopped$/)
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
  })

  test('offers every site in a tree, by keyboard, with what it costs', async ({ launch }) => {
    const { app, page } = await launch({ args: ['--open', join(models, 'smollm2-135m-instruct')] })
    await setWindowSize(app, page, 1440, 900)
    await expect(page.getByText(/checks? passed/)).toBeVisible({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Choose sites…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sites' })
    await expect(dialog.getByRole('status')).toContainText('32 sites')
    await expect(dialog.getByLabel('Search sites')).toBeFocused()

    await page.keyboard.press('ArrowDown')
    const tree = dialog.getByRole('tree', { name: 'Sites' })
    await expect(tree).toBeFocused()
    // Block 0 → Attention, by keys alone.
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key)
    await expect(tree.getByRole('treeitem', { name: 'blocks.0.attn.hook_z' })).toBeVisible()
    if (pictures) await page.screenshot({ path: join(pictures, 'sites-light.png') })
    const pattern = tree.getByRole('treeitem', { name: /^pattern/ })
    await expect(pattern).toHaveAttribute('aria-disabled', 'true')
    await pattern.click({ force: true })
    await expect(dialog.getByRole('status')).toContainText('32 sites')
    await tree.getByRole('treeitem', { name: /^Attention/ }).first().click()
    await tree.getByRole('treeitem', { name: /^Attention/ }).first().locator('.SiteTree-box').click()
    await expect(dialog.getByRole('status')).toContainText('39 sites')

    await dialog.getByRole('button', { name: 'MLP neurons' }).click()
    // 30 blocks of 1,536 values.
    await expect(dialog.getByRole('status')).toContainText('30 sites184 kB a row')
    await dialog.getByRole('radio', { name: 'float16' }).click()
    await expect(dialog.getByRole('status')).toContainText('92 kB a row')
    await dialog.getByLabel('Search sites').fill('7 residual')
    await expect(tree.getByRole('treeitem', { name: /blocks\.7\.hook_resid_post/ })).toBeVisible()
    await expect(tree.getByRole('treeitem', { name: /blocks\.17\./ })).toHaveCount(0)
    await tree.getByRole('treeitem', { name: /blocks\.7\.hook_resid_post/ }).click()
    if (pictures) {
      await setColorScheme(app, page, 'dark')
      await setWindowSize(app, page, 1024, 700)
      await page.screenshot({ path: join(pictures, 'sites-dark-small.png') })
    }
    await dialog.getByRole('button', { name: 'Done' }).click()
    await expect(page.getByText('31 chosen', { exact: true })).toBeVisible()
  })
})

test('an encoder’s prompt has tokens and says why nothing follows', async ({ launch }) => {
  const { page } = await launch({ args: ['--open', join(models, 'minilm')] })
  await expect(page.getByText(/checks? passed/)).toBeVisible({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Try a prompt…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Try a prompt' })
  await expect(dialog.locator('.TokenChip').first()).toHaveText('[CLS]')
  await expect(dialog.getByText('No next token', { exact: true })).toBeVisible()
  await expect(dialog.getByText(/is an encoder/)).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'Generate' })).toHaveCount(0)
})
