/** The table of docs/models.md. `npm run parity` measures it again and writes it there. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ggufFiles, parityRows, parityTable, zooFamilies } from '../../fixtures/parity'
import { sharedExists } from '../../fixtures/reference'

const page = fileURLToPath(new URL('../../../docs/models.md', import.meta.url))
const TABLE = /<!-- parity -->[\s\S]*<!-- end of parity -->/
if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')

describe('docs/models.md', () => {
  it.skipIf(!sharedExists)('has a line for every family and file, and none above 1e-4', () => {
    const lines = (TABLE.exec(readFileSync(page, 'utf8'))?.[0] ?? '').split('\n').filter(line => line.startsWith('| ')).slice(1)
    expect(lines).toHaveLength(2 * zooFamilies.length + ggufFiles.length)
    for (const line of lines) expect(Number(line.split('|')[4]), line).toBeLessThan(1e-4)
  })

  it.skipIf(process.env['LAYERSCOPE_PARITY'] !== '1' || !sharedExists)('is measured again', async () => {
    const rows = await parityRows()
    console.log(parityTable(rows))
    for (const { family, format, worst } of rows) expect(worst, `${family}, ${format}`).toBeLessThan(1e-4)
    writeFileSync(page, readFileSync(page, 'utf8').replace(TABLE, `<!-- parity -->\n${parityTable(rows)}\n<!-- end of parity -->`))
  }, 600_000)
})
