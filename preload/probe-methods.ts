/**
 * What every probe method reads and when it cannot run: one table for the window's picker, the command line and the engine,
 * so that a method is offered where it works and refused elsewhere with the same sentence.
 */
import type { ProbeTask } from './recipe'

/** A column that some methods cannot do without. */
export type NeededColumn = 'pair' | 'polarity'

export interface ProbeMethodInfo {
  readonly name: string
  readonly task: Exclude<ProbeTask, 'auto'>
  /** One line on what it does. */
  readonly summary: string
  /** Defined by its paper for two classes. */
  readonly twoClasses: boolean
  readonly needs: readonly NeededColumn[]
  /** What its strengths are called; null where there is none to choose. */
  readonly strength: 'C' | 'α' | 'epochs' | null
  /** Whether it keeps a linear probe, which influence, refits, transfer and directions read. */
  readonly linear: boolean
  /** What a reader of its score must know; null where the method's name says it. */
  readonly remark: string | null
}

const method = (name: string, summary: string, more: Partial<Omit<ProbeMethodInfo, 'name' | 'summary'>> = {}): ProbeMethodInfo =>
  ({ name, summary, task: 'classes', twoClasses: false, needs: [], strength: null, linear: true, remark: null, ...more })

/** In the order they are offered. */
export const probeMethods: readonly ProbeMethodInfo[] = [
  method('logistic', 'The plane that best tells classes apart, regularised', { strength: 'C' }),
  method('mass-mean', 'From the mean of one class to that of the other', { twoClasses: true }),
  method('mass-mean-covariance', 'Mass mean, corrected for correlated features', { twoClasses: true }),
  method('lda', 'Gaussian classes that share a covariance, shrunk'),
  method('nearest-centroid', 'The class whose mean is closest'),
  method('mlp', 'A small network, 256–128–64: what is there but not along one direction', {
    strength: 'epochs', linear: false, remark: 'It can learn what no single direction holds, so its score says less of how a model represents a thing than a linear probe\'s does.'
  }),
  method('paired-mean-difference', 'Mean difference within contrast pairs', { twoClasses: true, needs: ['pair'] }),
  method('paired-first-component', 'Main axis of the differences within contrast pairs', {
    twoClasses: true, needs: ['pair'], remark: 'Its direction is found without labels; they give its sign and its boundary.'
  }),
  method('ccs', 'Finds what is consistent within pairs, without labels', {
    twoClasses: true, needs: ['pair'], linear: false,
    remark: 'Its direction is found without labels; they give its sign alone, the one with more training pairs right. The two rows of a pair are scored together, as the method defines, so that one of them is taken to be true.'
  }),
  method('ttpd', 'Truth apart from polarity, for statements and their negations', { twoClasses: true, needs: ['polarity'] }),
  method('ridge', 'Linear regression, regularised', { task: 'numeric', strength: 'α' }),
  method('structural', 'Distances and depths in the parse tree', { task: 'tree', linear: false })
]

/** What a dataset offers to methods. */
export interface MethodFacts extends Record<NeededColumn, boolean> { readonly classes: number }

export interface MethodObstacle {
  readonly code: 'method-binary-only' | `method-needs-${NeededColumn}`
  /** A few words for a list of methods. */
  readonly reason: string
  readonly message: string
  readonly field: string
  readonly hint: string
}

const needed: Readonly<Record<NeededColumn, { readonly reason: string; readonly reads: string; readonly says: string; readonly hint: string }>> = {
  pair: { reason: 'Needs a contrast pair column', reads: 'contrast pairs', says: 'which two rows form one', hint: 'Choose the column that both rows of a pair share (--pair).' },
  polarity: { reason: 'Needs a polarity column', reads: 'affirmative and negated statements', says: 'which is which', hint: 'Choose the column that tells them apart (--polarity).' }
}

/** Why a method cannot run on what there is; null where it can. */
export function methodObstacle({ name, twoClasses, needs }: ProbeMethodInfo, facts: MethodFacts): MethodObstacle | null {
  if (twoClasses && facts.classes > 2) {
    return {
      code: 'method-binary-only', field: 'methods', reason: `Two classes only; the label has ${facts.classes}`,
      message: `The method ${name} tells two classes apart, and the label has ${facts.classes}.`,
      hint: 'Use nearest-centroid, lda or logistic, or a label with two classes.'
    }
  }
  const lacking = needs.find(column => !facts[column])
  if (lacking === undefined) return null
  const { reason, reads, says, hint } = needed[lacking]
  return { code: `method-needs-${lacking}`, field: lacking, reason, message: `The method ${name} reads ${reads}, and no column says ${says}.`, hint }
}

/** Methods that are taken when none are asked for: one by the task, and TTPD where two classes come with their polarity. */
export function suggestedMethods(task: Exclude<ProbeTask, 'auto'>, { classes, polarity }: Pick<MethodFacts, 'classes' | 'polarity'>): readonly string[] {
  if (task === 'numeric') return ['ridge']
  if (task === 'tree') return ['structural']
  return polarity && classes === 2 ? ['logistic', 'ttpd'] : ['logistic']
}
