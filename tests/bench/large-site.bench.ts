import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { float32ToFloat16 } from '../../main/engine/activations/float16'
import type { StoredMatrix } from '../../main/engine/activations'
import { sweep } from '../../main/engine/probes'
import { probePlanSchema } from '../../preload/recipe'
import { seededRandom } from '../../main/engine/probes/random'

const rows = Number(process.env['BENCH_ROWS'] ?? 100_000)
const columns = 4096
export const title = `Logistic probe on one site of ${rows.toLocaleString('en')} × ${columns} in float16 on disk, whole protocol`

/** The file is read in blocks again and again; what must stay small is the memory, printed last. */
export async function bench(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'layerscope-large-'))
  try {
    const { source, codes } = written(join(folder, 'site.safetensors'))
    print(`the file: ${(statSync(source.path).size / 1e6).toFixed(0)} MB; as float32 in memory it would take ${(rows * columns * 4 / 1e6).toFixed(0)} MB, as scikit-learn's float64 ${(rows * columns * 8 / 1e6).toFixed(0)} MB`)
    const { summary } = await sweep({
      texts: Array.from(codes, (_, row) => `row ${row}`), labels: Array.from(codes, String), groups: Array.from(codes, (_, row) => `group ${row % 5000}`), test: null,
      sites: ['site'], readSite: () => Promise.resolve(source)
    }, probePlanSchema.parse({ methods: ['logistic'] }), { onSite: () => undefined })
    const [result] = summary.sites
    if (result?.kind !== 'classes') throw new Error('the sweep gave no result')
    print(`5 folds × 10 strengths nested, shuffled and text controls, intervals: ${summary.seconds.toFixed(0)} s, of which the site ${result.seconds.toFixed(0)} s`)
    print(`accuracy ${result.metrics.accuracy.toFixed(3)}, shuffled ${result.controls.shuffled.toFixed(3)}, C ${result.strength.toPrecision(2)}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Correlated normal features with an offset each, the class along two hundred of them. */
function written(path: string): { readonly source: StoredMatrix; readonly codes: Int32Array } {
  const random = seededRandom(1)
  const codes = Int32Array.from({ length: rows }, (_, row) => row % 2)
  const header = Buffer.from(JSON.stringify({ activations: { dtype: 'F16', shape: [rows, columns], data_offsets: [0, rows * columns * 2] } }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const file = openSync(path, 'w')
  writeSync(file, Buffer.concat([length, header]))
  const chunk = 512
  const values = new Float32Array(chunk * columns)
  for (let from = 0; from < rows; from += chunk) {
    const count = Math.min(chunk, rows - from)
    for (let row = 0, at = 0; row < count; row++) {
      let walk = 0
      const sign = codes[from + row] === 1 ? 0.06 : -0.06
      for (let column = 0; column < columns; column++, at++) {
        // The sum of three uniform numbers is normal enough, and quick.
        walk = 0.8 * walk + random() + random() + random() - 1.5
        values[at] = walk + (column % 17) * 0.5 + (column < 200 ? sign : 0)
      }
    }
    writeSync(file, new Uint8Array(float32ToFloat16(values.subarray(0, count * columns)).buffer))
  }
  closeSync(file)
  return { source: { path, begin: 8 + header.length, dtype: 'F16', rows, columns }, codes }
}
