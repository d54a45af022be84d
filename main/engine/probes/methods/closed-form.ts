import { classMeans, classSums, type ClassMeans, type ClassSums } from '../class-sums'
import type { FitJob, FitResult, Probe, ProbeMethod, SiteContext } from '../probe-method'

/** A method without strengths: every job is one solution, and `strengths` is the single value 1 that stands for "none". */
export function withoutStrength(name: string, fitJobs: (context: SiteContext, jobs: readonly FitJob[]) => Promise<readonly Probe[]>): ProbeMethod {
  return {
    name,
    strengths: () => [1],
    async fit(context, jobs) {
      const probes = await fitJobs(context, jobs)
      return probes.map((probe, i): FitResult => {
        const strengths = jobs[i]?.strengths ?? []
        return { probes: strengths.map(() => probe), objectives: Float64Array.from(strengths, () => NaN), unfinished: [] }
      })
    }
  }
}

/** Fits one job from its class means; nothing to iterate and no strength to choose. */
export type ClosedFormFit = (context: SiteContext, job: FitJob, means: ClassMeans) => Promise<Probe>

/** A method without strengths that begins at the class means of each job. */
export function closedForm(name: string, fitJob: ClosedFormFit): ProbeMethod {
  return withoutStrength(name, async (context, jobs) => {
    const sumsOf = new Map<Int32Array, ClassSums>()
    const probes: Probe[] = []
    for (const job of jobs) {
      context.checkpoint()
      const sums = sumsOf.get(job.codes) ?? classSums(context.data, context.cellOfRow, job.codes, context.classes)
      sumsOf.set(job.codes, sums)
      probes.push(await fitJob(context, job, classMeans(sums, job.cells, context.data.columns)))
    }
    return probes
  })
}
