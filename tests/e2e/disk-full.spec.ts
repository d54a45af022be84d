/** A disk that fills up while a run is stored: a sentence with the next step, and nothing is lost. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from './electron'
import { atlasModel, openModelAndDataset, runButton, statement, temporaryFolder, whenDone, writeStatements } from './workbench'

/** Megabytes of the disk, and of a file that takes most of them. */
const [disk, taken] = [32, 30]

/** Mounts a small disk at `folder`; false where that is not allowed. */
function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${disk}m`, 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('a disk that fills up during a run says what to do, and the run goes on once there is room', async ({ launch }) => {
  const files = await temporaryFolder()
  const unsaved = join(files.path, 'unsaved')
  await mkdir(unsaved)
  const mounted = process.platform === 'linux' && mountSmallDisk(unsaved)
  try {
    test.skip(!mounted, 'A small disk cannot be mounted here: that takes Linux and root.')
    const launched = await launch({ userData: files.path })
    const { page } = launched
    await openModelAndDataset(launched, atlasModel, await writeStatements(join(files.path, 'cities.csv'), 800))
    const filler = join(unsaved, 'filler')
    await writeFile(filler, new Uint8Array(taken * 2 ** 20))

    await runButton(page).click()
    const card = page.getByRole('region', { name: 'Run', exact: true })
    await expect(card.getByRole('alert')).toContainText('The disk is full: the extraction stopped.', { timeout: 30_000 })
    await expect(card.getByRole('alert')).toContainText('Free some space and run again: what was stored is kept.')
    await expect(statement(page)).toBeHidden()

    await rm(filler)
    await expect(runButton(page)).toHaveText(/^Continue run/)
    await runButton(page).click()
    await whenDone(page)
    await expect(card.getByRole('alert')).toBeHidden()
    // One run, which took up what the full disk had kept.
    await expect(page.getByRole('region', { name: 'Runs so far' }).getByRole('button')).toHaveCount(1)
    const [session = ''] = await readdir(unsaved)
    const manifest: { extraction: { rows: number; resumedRows: number } } = JSON.parse(await readFile(join(unsaved, session, 'runs', 'run-1', 'manifest.json'), 'utf8'))
    expect(manifest.extraction.rows).toBe(800)
    expect(manifest.extraction.resumedRows).toBeGreaterThan(0)
    await launched.close()
  } finally {
    if (mounted) execFileSync('umount', ['-l', unsaved])
    await files.remove()
  }
})
