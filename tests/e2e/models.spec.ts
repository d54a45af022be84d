/** The dialog of models: what is on this machine, folders that are added, and what cannot be opened. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answerOpenDialog, expect, test } from './electron'
import { atlasModel, chooseModel, modelCard, temporaryFolder } from './workbench'

test('a model is picked from the list by keys, a folder is added and taken away, a broken file takes nothing away', async ({ launch }) => {
  const files = await temporaryFolder()
  const home = join(files.path, 'home')
  const mine = join(files.path, 'mine')
  await mkdir(join(mine, 'onnx'), { recursive: true })
  await mkdir(home)
  await copyFile(join(atlasModel, 'onnx', 'model.onnx'), join(mine, 'onnx', 'model.onnx'))
  await writeFile(join(mine, 'ancient.gguf'), Buffer.from('GGUF\u0001\0\0\0', 'latin1'))
  const { app, page } = await launch({ env: { HOME: home, HF_HUB_CACHE: join(home, 'hub'), OLLAMA_MODELS: join(home, 'ollama') } })

  await page.keyboard.press('ControlOrMeta+o')
  const dialog = page.getByRole('dialog', { name: 'Open model' })
  await expect(dialog.getByText('No models of yours were found')).toBeVisible({ timeout: 30_000 })
  await expect(dialog.getByText(join('~', 'hub'))).toBeVisible()
  await expect(dialog.getByRole('option')).toHaveCount(3)

  await answerOpenDialog(app, [mine])
  await dialog.getByRole('button', { name: 'Add folder…' }).first().click()
  await expect(dialog.getByRole('option', { name: /^ancient/ })).toContainText('GGUF file of version 1')
  await expect(dialog.getByRole('option', { name: /^ancient/ })).toBeDisabled()
  await dialog.getByRole('combobox').fill('atlas')
  await expect(dialog.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  await expect(modelCard(page).getByText('4 checks passed')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(/^weights (mapped|in memory)$/)).toBeVisible()

  await chooseModel({ app, page }, join(mine, 'ancient.gguf'))
  await expect(page.getByRole('region', { name: 'Notices' })).toContainText('atlas-lm stays open')
  await expect(modelCard(page).getByText('4 checks passed')).toBeVisible()

  // Folders are remembered until they are taken away.
  await page.keyboard.press('ControlOrMeta+o')
  await dialog.getByRole('button', { name: /^Stop looking in/ }).click()
  await expect(dialog.getByRole('option', { name: /^ancient/ })).toHaveCount(0)
  await expect(dialog.getByRole('option')).toHaveCount(3)
  await files.remove()
})
