import type { CodeLength, OnlineCode } from '../../../preload/contract'
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
