/**
 * The probes of a run: one safetensors file. For every site and linear method `SITE/METHOD/weights` float64
 * [folds, outputs, width] and `SITE/METHOD/intercept` float64 [folds, outputs] for raw activations,
 * `SITE/METHOD/strengths` [strengths], `SITE/METHOD/validation` [folds, strengths] and `SITE/METHOD/chosen` [folds];
 * once `fold` int32 [rows], the outer fold each row was tested in (-1: none), and `fold_sizes` int32 [folds, 6]:
 * rows and groups of training, validation and test.
 */
import { AppendedSafetensors, openSafetensors, type SafetensorsFile } from '../activations/index'
import { LayerscopeError } from '../errors'
import type { FoldSizes, KeptProbes } from '../probes/index'

const parts = ['weights', 'intercept', 'strengths', 'validation', 'chosen'] as const

/** Writes the file of a sweep that is on; it stands at its path once `finish` has ended. */
export class ProbesFile {
  private constructor(private readonly file: AppendedSafetensors) {}

  static async create(path: string, sites: readonly string[], methods: readonly string[]): Promise<ProbesFile> {
    const names = sites.flatMap(site => methods.flatMap(method => parts.map(part => `${site}/${method}/${part}`)))
    return new ProbesFile(await AppendedSafetensors.create(path, [...names, 'fold', 'fold_sizes']))
  }

  async writeSite(site: string, method: string, probes: KeptProbes): Promise<void> {
    const { folds, outputs, columns, weights, intercepts, strengths, validation, chosen } = probes
    const tensors: readonly (readonly [name: (typeof parts)[number], shape: readonly number[], data: Float64Array])[] = [
      ['weights', [folds, outputs, columns], weights], ['intercept', [folds, outputs], intercepts], ['strengths', [strengths.length], strengths],
      ['validation', [folds, strengths.length], validation], ['chosen', [folds], chosen]
    ]
    for (const [name, shape, data] of tensors) await this.file.append({ name: `${site}/${method}/${name}`, dtype: 'F64', shape, data })
  }

  async finish(fold: Int32Array, sizes: readonly FoldSizes[]): Promise<void> {
    await this.file.append({ name: 'fold', dtype: 'I32', shape: [fold.length], data: fold })
    const counts = sizes.flatMap(({ training, validation, test }) => [training, validation, test].flatMap(({ rows, groups }) => [rows, groups]))
    await this.file.append({ name: 'fold_sizes', dtype: 'I32', shape: [sizes.length, 6], data: Int32Array.from(counts) })
    await this.file.finish()
  }

  async discard(): Promise<void> {
    await this.file.discard()
  }
}

export interface ReadProbes {
  /** Null for a method that is not linear. */
  readonly probes: KeptProbes | null
  readonly fold: Int32Array
  readonly sizes: readonly FoldSizes[]
}

/** Reads one site's probes. @throws LayerscopeError `probes-missing` for a run of an earlier version */
export async function readProbes(path: string, site: string, method: string): Promise<ReadProbes> {
  const file = await openSafetensors(path).catch((cause: unknown) => {
    throw new LayerscopeError({ code: 'probes-missing', message: 'The probes of this run were not kept.', file: path, hint: 'Run the probes again.' }, { cause })
  })
  try {
    const counts = await file.readInt32('fold_sizes')
    const at = (index: number): number => counts[index] ?? 0
    const pair = (fold: number, place: number): FoldSizes['test'] => ({ rows: at(6 * fold + 2 * place), groups: at(6 * fold + 2 * place + 1) })
    return {
      probes: await keptProbes(file, `${site}/${method}`),
      fold: await file.readInt32('fold'),
      sizes: Array.from({ length: counts.length / 6 }, (_, fold) => ({ training: pair(fold, 0), validation: pair(fold, 1), test: pair(fold, 2) }))
    }
  } finally {
    await file.close()
  }
}

async function keptProbes(file: SafetensorsFile, name: string): Promise<KeptProbes | null> {
  const shape = file.tensors.get(`${name}/weights`)?.shape
  if (shape === undefined) return null
  const [folds = 0, outputs = 0, columns = 0] = shape
  const [weights, intercepts, strengths, validation, chosen] = [
    await file.readFloat64(`${name}/weights`), await file.readFloat64(`${name}/intercept`), await file.readFloat64(`${name}/strengths`),
    await file.readFloat64(`${name}/validation`), await file.readFloat64(`${name}/chosen`)
  ]
  return { folds, outputs, columns, weights, intercepts, strengths, validation, chosen }
}
