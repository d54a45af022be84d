import { openSafetensors, type SafetensorsFile } from '../activations/index'
import type { DoubleProducts } from '../matrices'
import type { AnalysisContext, SimilarityJob, SimilarityOutcome, SimilaritySite } from './analysis-protocol'
import { linearCka, type RowSource } from './similarity'

/** Linear CKA between the sites of a job, read from their files in blocks. */
export async function similarityBetween(products: DoubleProducts, job: SimilarityJob, context: AnalysisContext): Promise<SimilarityOutcome> {
  const files = new Map<string, SafetensorsFile>()
  try {
    for (const { path } of job.sites) if (!files.has(path)) files.set(path, await openSafetensors(path))
    const sources = job.sites.map(site => source(site, files.get(site.path) as SafetensorsFile))
    return { values: await linearCka(products, sources, job.sites[0]?.rows.length ?? 0, context) }
  } finally {
    for (const file of files.values()) await file.close()
  }
}

/** The asked rows of one file; runs of neighbours in it are read at once. */
function source({ width, rows }: SimilaritySite, file: SafetensorsFile): RowSource {
  return {
    width,
    async read(from, to) {
      const values = new Float32Array((to - from) * width)
      for (let at = from; at < to;) {
        let end = at + 1
        while (end < to && rows[end] === (rows[end - 1] as number) + 1) end++
        values.set(await file.readFloat32('activations', rows[at] as number, end - at), (at - from) * width)
        at = end
      }
      return values
    }
  }
}
