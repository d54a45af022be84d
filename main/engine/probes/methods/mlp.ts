import { rowsInCells } from '../class-sums'
import type { FitJob, ProbeMethod, ScoredProbe, SiteContext } from '../probe-method'
import { seededRandom, shuffle } from '../random'
import { standardise, type Standardisation } from '../site-data'
import { MlpNetworks } from './mlp-networks'

/** Passes over the training rows that validation chooses from; the paper takes 5. */
const epochCounts = [1, 2, 3, 5, 8, 12]
const paperEpochs = 5
/** Rows of a step. */
const batchRows = 64
/** An epoch over many rows takes larger steps instead of more of them. */
const mostSteps = 128
/** Parameters of the networks that are trained together. */
const parametersAtOnce = 2 ** 23

/**
 * SAPLMA's classifier (Azaria & Mitchell, 2304.13734): a perceptron with hidden layers of 256, 128 and 64 rectified units on
 * features standardised by the training rows, trained by Adam on the cross-entropy; softmax in place of the logistic function
 * for several classes. What stops it early is the number of epochs, which validation rows choose as they
 * choose the strength of other methods: fewer are stronger regularisation. Weights and the order of rows come from the seed.
 */
export const mlp: ProbeMethod = {
  name: 'mlp',
  strengths: count => count === 1 ? [paperEpochs] : epochCounts.slice(0, count),
  async fit(context, jobs) {
    const networks = await MlpNetworks.open(context)
    try {
      const probes: (readonly ScoredProbe[])[] = []
      const together = Math.max(1, Math.floor(parametersAtOnce / networks.parameters))
      for (let start = 0; start < jobs.length; start += together) probes.push(...await train(context, networks, jobs.slice(start, start + together)))
      return jobs.map((job, i) => ({ probes: probes[i] ?? [], objectives: Float64Array.from(job.strengths, () => NaN), unfinished: [] }))
    } finally {
      await networks.release()
    }
  }
}

/** Rows in training of one network, which stand in a new order every epoch, and how its features are standardised. */
interface Pupil { readonly rows: Int32Array; readonly standardisation: Standardisation; readonly random: () => number }

/** The networks of all jobs, side by side, scored after each number of epochs that their job asks for. */
async function train(context: SiteContext, networks: MlpNetworks, jobs: readonly FitJob[]): Promise<readonly (readonly ScoredProbe[])[]> {
  // Each draws from a stream of its own, so that what is trained beside it changes nothing.
  const pupils = jobs.map(({ cells }): Pupil => ({
    rows: rowsInCells(context.cellOfRow, cells), standardisation: standardise(context.data, cells), random: seededRandom(context.seed + 5)
  }))
  const most = Math.max(...pupils.map(({ rows }) => rows.length))
  const steps = Math.min(mostSteps, Math.ceil(most / batchRows))
  const state = networks.start(jobs.length, seededRandom(context.seed + 4))
  const probes = jobs.map((): ScoredProbe[] => [])
  const epochs = Math.max(...jobs.flatMap(({ strengths }) => strengths))
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const { rows, random } of pupils) shuffle(rows, random)
    for (let step = 0; step < steps; step++) {
      context.checkpoint()
      // Batches as even as rows allow: every row once an epoch.
      const batches = pupils.map(({ rows, standardisation }, i) => ({
        rows: rows.subarray(Math.floor(step * rows.length / steps), Math.floor((step + 1) * rows.length / steps)), standardisation, codes: (jobs[i] as FitJob).codes
      }))
      await networks.step(state, batches)
    }
    for (const [i, { strengths }] of jobs.entries()) {
      if (strengths.includes(epoch)) probes[i]?.push({ logits: await networks.logits(state, i, (pupils[i] as Pupil).standardisation) })
    }
  }
  return probes
}
