import { classMeans, classSums, type ClassMeans, type ClassSums } from '../class-sums'
import type { FitJob, FitResult, LinearProbe, ProbeMethod, SiteContext } from '../probe-method'

/** Fits one job from its class means; nothing to iterate and no strength to choose. */
export type ClosedFormFit = (context: SiteContext, job: FitJob, means: ClassMeans) => Promise<LinearProbe>

/** A method without strengths: every job is one solution, and `strengths` is the single value 1 that stands for "none". */
export function closedForm(name: string, fitJob: ClosedFormFit): ProbeMethod {
  return {
    name,
    strengths: () => [1],
    async fit(context, jobs) {
      const sumsOf = new Map<Int32Array, ClassSums>()
      const results: FitResult[] = []
      for (const job of jobs) {
        context.checkpoint()
        const sums = sumsOf.get(job.codes) ?? classSums(context.data, context.cellOfRow, job.codes, context.classes)
        sumsOf.set(job.codes, sums)
        const probe = await fitJob(context, job, classMeans(sums, job.cells, context.data.columns))
        results.push({ probes: job.strengths.map(() => probe), objectives: Float64Array.from(job.strengths, () => NaN), unfinished: [] })
      }
      return results
    }
  }
}
