import type { CodeLength, ErasedScore, Erasure, OnlineCode } from '../../../preload/contract'
import { writeMeasure } from '../../../preload/measures'
import { markdownTable } from './markdown-table'

/** What a card says of how short the labels can be told at its site, as Markdown. */
export function codeLengthParts({ rows, classes, ends, uniform, naming, labels, shuffled, controlTask }: CodeLength): readonly string[] {
  const codes: readonly (readonly [string, OnlineCode])[] = [['labels', labels], ['shuffled labels', shuffled], ...controlTask === null ? [] : [['control task', controlTask]] as const]
  return [
    '## Code length',
    `The online code (Voita and Titov 2020) of ${rows} labels of ${classes} classes in ${ends.length} blocks of whole groups: each block is sent with the logistic probe that the blocks before it trained, the first by the uniform code. `
    + `One strength serves a whole code, the one that makes it shortest; naming it takes ${naming.toFixed(1)} bits of the length. The uniform code takes ${Math.round(uniform)} bits.`,
    markdownTable(['Code', 'Bits', 'Compression', 'C'], codes.map(([name, { bits, compression, strength }]) => [name, bits.toFixed(0), writeMeasure('compression', compression), String(Number(strength.toPrecision(3)))])),
    markdownTable(['Rows seen', 'Rows sent', ...codes.map(([name]) => `${name}, bits a row`)], ends.map((end, block) => {
      const from = ends[block - 1] ?? 0
      return [String(from), String(end - from), ...codes.map(([, { blocks }]) => ((blocks[block] as number) / (end - from)).toFixed(3))]
    }))
  ]
}

/** What a card says of the probe after its label was erased from its site, as Markdown. */
export function erasureParts({ rows, majority, before, leace, inlp, reached, shuffled }: Erasure): readonly string[] {
  const interval = ({ interval: { lo, hi } }: Pick<ErasedScore, 'interval'>): string => `${writeMeasure('accuracy', lo)} to ${writeMeasure('accuracy', hi)}`
  const line = (name: string, score: ErasedScore): readonly string[] =>
    [name, String(Math.round(score.directions * 10) / 10), writeMeasure('accuracy', score.accuracy), interval(score), `${(score.variance * 100).toFixed(1)} %`]
  const end = inlp.length === 0 ? 'Before any erasure the accuracy is no better than the majority class, so nothing was projected out.'
    : reached ? `The interval reaches the majority class after ${inlp.length} ${inlp.length === 1 ? 'projection' : 'projections'}.`
      : `After ${inlp.length} projections the accuracy is still above the majority class.`
  return [
    '## Erasure',
    'The label was taken out of this site by least-squares concept erasure (LEACE, Belrose et al. 2023) and by iterative nullspace projection (INLP, Ravfogel et al. 2020). '
    + 'Erasers were fitted on the training rows of each fold, on features in units of their deviation; a fresh logistic probe of the fold\'s strength was trained on the erased training rows and scored on '
    + `the erased held-out rows (${rows}). Always answering the most frequent training class gives ${writeMeasure('accuracy', majority)}. Erasers of shuffled labels stand beside. ${end}`,
    markdownTable(['Erased by', 'Directions', 'Accuracy', '95 % interval', 'Variance removed'], [
      ['nothing', '0', writeMeasure('accuracy', before.accuracy), interval(before), '–'], line('LEACE', leace), line('LEACE, shuffled labels', shuffled.leace),
      ...inlp.map((score, k) => line(`INLP, ${k + 1}`, score)), ...inlp.length === 0 ? [] : [line('INLP, shuffled labels', shuffled.inlp)]
    ])
  ]
}
