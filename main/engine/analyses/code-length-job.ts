import type { OnlineCode } from '../../../preload/contract'
import { LayerscopeError } from '../errors'
import { isLinear, noContrast, prepareSite, probeMethod, Products, residentBlocks, scoreBlocks, seededRandom, shuffle, type FeatureBlocks, type FitJob, type LinearProbe, type Precision, type SiteContext } from '../probes/index'
import type { AnalysisContext, CodeLengthJob, CodeLengthOutcome } from './analysis-protocol'
import { blockBits, drawBlocks, uniformBits } from './online-code'
import { readActivations } from './training-rows'
import { written } from '../quantity'

/** Activations are held whole in float32, and what lies before every block once more, which is twice as much again. */
const mostBytes = 2 ** 31

/** Strengths in a row that make a code longer before weaker regularisation is not tried any more. */
const mostWorse = 2

/** One set of labels to send, in the order in which they are sent. */
interface Message {
  readonly codes: Int32Array
  /** Bits of every block at the strengths tried so far, [strengths][blocks]; the first block is the uniform code's. */
  readonly bits: number[][]
  /** The probe before every block at the last strength tried, where one was trained: what the next begins at. */
  probes: (LinearProbe | null)[]
  /** Index of the strength with the shortest code so far, and its probes. */
  best: number
  bestProbes: readonly (LinearProbe | null)[]
}

/** What lies before a block, ready to train on, and the block. */
interface Stage {
  readonly context: SiteContext
  readonly from: number
  readonly to: number
  /** Features of the block's rows. */
  readonly next: FeatureBlocks
}

/**
 * The online code of the labels, of shuffled labels and of a control task (Voita & Titov 2020): each block is sent with the logistic
 * probe that all blocks before it trained. One strength serves a whole message, the one that makes it shortest; strengths are tried
 * from strong to weak until the code has grown at two in a row. Naming one of them is part of the length.
 * @throws LayerscopeError `too-few-groups`, `site-too-large`, and those of reading the site
 */
export async function codeLengthOf(job: CodeLengthJob, { checkpoint, onProgress }: AnalysisContext): Promise<CodeLengthOutcome> {
  const { classes, seed } = job
  const labelled = Int32Array.from(job.codes.keys()).filter(row => (job.codes[row] as number) >= 0)
  const { order, ends } = drawBlocks(Int32Array.from(labelled, row => job.groups[row] as number), seed)
  if (ends.length < 2) {
    throw new LayerscopeError({ code: 'too-few-groups', field: 'group', message: `All ${written(labelled.length)} rows belong to one group, so no block of them can be sent after another.`, hint: 'Run with another group column, or none.' })
  }
  const rows = Int32Array.from(order, at => labelled[at] as number)
  const { data, columns } = await ordered(job, rows)
  const strengths = probeMethod('logistic').strengths(job.strengths)
  const codes = Int32Array.from(rows, row => job.codes[row] as number)
  const messages = [codes, shuffle(Int32Array.from(codes), seededRandom(seed + 1)), ...job.control === null ? [] : [Int32Array.from(rows, row => job.control?.[row] as number)]]
    .map((own): Message => ({ codes: own, bits: [], probes: ends.map(() => null), best: 0, bestProbes: [] }))
  const total = (strengths.length + 1) * ends.slice(1).reduce((sum, end) => sum + end, 0)
  let done = 0
  const products = await Products.create(classes === 2 ? 1 : classes)
  try {
    const stages = ends.slice(1).map((to, block): Stage => {
      checkpoint()
      const from = ends[block] as number
      const cellOfRow = Int32Array.from({ length: to }, (_, row) => row < from ? 0 : 1)
      const site = prepareSite(job.site, { data: data.slice(0, to * columns), rows: to, columns }, to, Int32Array.from(cellOfRow.keys()), cellOfRow, 2)
      return { from, to, context: { data: site, cellOfRow, classes, products, contrast: noContrast(to), seed, checkpoint }, next: residentBlocks(site.features.subarray(from * columns), to - from, columns) }
    })
    /** Trains before every block and sends it, each message at its strength; bits [messages][blocks]. */
    const send = async (sent: readonly { readonly message: Message; readonly strength: number; readonly starts: readonly (LinearProbe | null)[] }[], precision: Precision): Promise<readonly number[][]> => {
      const bits = sent.map(() => [uniformBits(ends[0] as number, classes)])
      for (const [i, stage] of stages.entries()) {
        const block = i + 1
        const parts = await sendBlock(stage, sent.map(({ message, strength, starts }) => ({ codes: message.codes, strength: strengths[strength] as number, start: starts[block] ?? null })), precision)
        parts.forEach((part, at) => {
          ;(bits[at] as number[]).push(part.bits)
          ;(sent[at] as { readonly message: Message }).message.probes[block] = part.probe
        })
        onProgress(done += stage.to, total)
      }
      return bits
    }

    for (const strength of strengths.keys()) {
      const going = messages.filter(({ best }) => strength - best <= mostWorse)
      if (going.length === 0) break
      const bits = await send(going.map(message => ({ message, strength, starts: message.probes })), 'validation')
      going.forEach((message, at) => {
        message.bits.push(bits[at] as number[])
        if (strength > 0 && sum(bits[at] as number[]) >= sum(message.bits[message.best] as number[])) return
        message.best = strength
        message.bestProbes = [...message.probes]
      })
    }
    const final = await send(messages.map(message => ({ message, strength: message.best, starts: message.bestProbes })), 'final')
    onProgress(total, total)
    const naming = Math.log2(strengths.length)
    const uniform = uniformBits(rows.length, classes)
    const [labels, shuffled, controlTask] = messages.map(({ best }, at): OnlineCode => {
      const blocks = final[at] as number[]
      const bits = sum(blocks) + naming
      return { bits, compression: uniform / bits, strength: strengths[best] as number, blocks }
    })
    return { rows: rows.length, ends, uniform, naming, labels: labels as OnlineCode, shuffled: shuffled as OnlineCode, controlTask: controlTask ?? null }
  } finally {
    await products.release()
  }
}

/** Bits of one block for each message, and the probes that gave them; null where the rows before hold one class alone. */
async function sendBlock(
  { context, from, to, next }: Stage, sent: readonly { readonly codes: Int32Array; readonly strength: number; readonly start: LinearProbe | null }[], precision: Precision
): Promise<readonly { readonly bits: number; readonly probe: LinearProbe | null }[]> {
  const seen = sent.map(({ codes }) => classCounts(codes.subarray(0, from), context.classes))
  const taught = [...sent.keys()].filter(at => (seen[at] as Float64Array).filter(count => count > 0).length > 1)
  const jobs = taught.map((at): FitJob => {
    const { codes, strength, start } = sent[at] as typeof sent[number]
    return { cells: [0], codes: codes.subarray(0, to), strengths: [strength], start }
  })
  const fits = jobs.length > 0 ? await probeMethod('logistic').fit(context, jobs, precision) : []
  return await Promise.all(sent.map(async ({ codes }, at) => {
    const found = fits[taught.indexOf(at)]?.probes[0]
    const probe = found && isLinear(found) ? found : null
    const logits = probe && await scoreBlocks(context.products, next, probe.weights, Float32Array.from(probe.intercepts))
    return { bits: blockBits(codes.subarray(from, to), seen[at] as Float64Array, logits), probe }
  }))
}

/** The rows in the order in which they are sent. */
async function ordered({ path, codes }: CodeLengthJob, rows: Int32Array): Promise<{ readonly data: Float32Array; readonly columns: number }> {
  const { data: all, columns } = await readActivations(path)
  if (12 * codes.length * columns > mostBytes) {
    throw new LayerscopeError({ code: 'site-too-large', message: `The code length holds ${written(codes.length)} rows of ${columns} features in memory, which takes more than 2 GB.`, field: 'site', hint: 'Run on fewer rows (a limit) to ask for it.' })
  }
  const data = new Float32Array(rows.length * columns)
  rows.forEach((row, at) => { data.set(all.subarray(row * columns, (row + 1) * columns), at * columns) })
  return { data, columns }
}

function classCounts(codes: Int32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes)
  for (const code of codes) counts[code] = (counts[code] as number) + 1
  return counts
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
