/** Finished projections of a run, one safetensors file each: `xy` float32 [rows, 2], `row` int32 [rows], the plan in the metadata. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ProjectionResult } from '../../../preload/contract'
import type { ProjectionPlan } from '../../../preload/recipe'
import { openSafetensors, writeSafetensors } from '../activations/index'

const detailsSchema = z.object({
  trustworthiness: z.number().nullable(),
  explained: z.tuple([z.number(), z.number()]).nullable(),
  seconds: z.number()
})

function fileOf(folder: string, site: string, plan: ProjectionPlan): string {
  // PCA has no other settings than the data.
  const settings = plan.method === 'pca' ? ['pca'] : ['umap', plan.neighbors, plan.minDist, plan.epochs, plan.seed]
  const hash = createHash('sha256').update(JSON.stringify([site, settings])).digest('hex').slice(0, 12)
  return join(folder, `${site.replace(/[^A-Za-z0-9._-]/g, '_')}.${plan.method}-${hash}.safetensors`)
}

export async function saveProjection(folder: string, plan: ProjectionPlan, result: ProjectionResult): Promise<void> {
  await mkdir(folder, { recursive: true })
  const { site, method, rows, xy, trustworthiness, explained, seconds } = result
  await writeSafetensors(fileOf(folder, site, plan), [
    { name: 'xy', dtype: 'F32', shape: [rows.length, 2], data: xy },
    { name: 'row', dtype: 'I32', shape: [rows.length], data: rows }
  ], { site, method, plan: JSON.stringify(plan), details: JSON.stringify({ trustworthiness, explained, seconds }) })
}

/** The stored projection of a site under a plan; null where it was not computed yet. */
export async function readProjection(folder: string, site: string, plan: ProjectionPlan): Promise<ProjectionResult | null> {
  const path = fileOf(folder, site, plan)
  if (!existsSync(path)) return null
  const file = await openSafetensors(path)
  try {
    const details = detailsSchema.parse(JSON.parse(file.metadata['details'] ?? '{}'))
    return { site, method: plan.method, rows: await file.readInt32('row'), xy: await file.readFloat32('xy'), ...details }
  } finally {
    await file.close()
  }
}
