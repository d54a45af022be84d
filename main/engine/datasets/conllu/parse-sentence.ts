import { rangesInText, textOfTokens, type SurfaceToken } from './character-ranges'
import type { TreebankSentence, TreebankWord } from './sentence'
import { quoted } from '../../quoted'

/** Lines of one sentence, without the blank line that ends it. */
export interface SentenceBlock {
  /** 1-based line of the first one. */
  readonly line: number
  readonly lines: readonly string[]
  /** Sentences of the file before this one. */
  readonly index: number
}

export interface ParsedSentence {
  readonly sentence: TreebankSentence
  /** What was worked around, in a sentence; null where nothing was. */
  readonly note: string | null
}

const columnCount = 10

interface WordLine { readonly line: number; readonly columns: readonly string[] }
interface Range { readonly first: number; readonly last: number; readonly line: WordLine }

/** Why a sentence is left out: the line where it shows and half a sentence. */
class Refusal extends Error {
  constructor(readonly line: number, readonly reason: string) { super(reason) }
}

/**
 * Reads one sentence of a CoNLL-U file: ten columns of tabs, words numbered from 1, multiword tokens (`3-4`) and empty nodes (`3.1`)
 * between them. Empty nodes belong to the enhanced graph and are passed over.
 * Returns a sentence about what is wrong, with line and name, where the words form no single tree.
 * Specification: universaldependencies.org/format.html
 */
export function parseSentence(block: SentenceBlock): ParsedSentence | string {
  const comments = new Map<string, string>()
  for (const line of block.lines) {
    const comment = /^#\s*([\w-]+)\s*=\s?(.*)$/.exec(line)
    if (comment?.[1] !== undefined && !comments.has(comment[1])) comments.set(comment[1], comment[2] ?? '')
  }
  const id = comments.get('sent_id')?.trim() || `sentence ${block.index + 1}`
  try {
    const { words, ranges } = readLines(block)
    const tree = treeOf(words)
    const tokens = surfaceTokens(words, ranges)
    const given = comments.get('text') ?? null
    const aligned = given === null ? null : rangesInText(given, tokens)
    const { text, ranges: characters } = aligned ?? textOfTokens(tokens)
    const sentence = {
      id, text, constituency: comments.get('constituency') ?? null,
      words: words.map(({ columns }, index): TreebankWord => {
        const [, form = '', lemma = '_', upos = '_', xpos = '_', feats = '_', , deprel = '_'] = columns
        const [start, end] = characters[index] ?? [0, 0]
        return {
          form, lemma: lemma === '_' && form !== '_' ? null : lemma, upos: valueOf(upos), xpos: valueOf(xpos), feats: featuresOf(feats),
          head: tree.heads[index] ?? 0, deprel: valueOf(deprel), depth: tree.depths[index] ?? 0, start, end
        }
      })
    }
    const note = given !== null && aligned === null ? `Line ${block.line}, sentence ${quoted(id)}: its text comment is not made of its words, so the text was put together from them.` : null
    return { sentence, note }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return `Line ${error.line}, sentence ${quoted(id)}: ${error.reason}; the sentence was left out.`
  }
}

function valueOf(column: string): string | null {
  return column === '_' || column === '' ? null : column
}

function featuresOf(column: string): ReadonlyMap<string, string> {
  return new Map(column === '_' ? [] : column.split('|').map(pair => {
    const [name = '', value = ''] = pair.split('=', 2)
    return [name, value] as const
  }))
}

function readLines({ line: first, lines }: SentenceBlock): { readonly words: readonly WordLine[]; readonly ranges: readonly Range[] } {
  const words: WordLine[] = []
  const ranges: Range[] = []
  lines.forEach((text, offset) => {
    const line = first + offset
    if (text.startsWith('#')) return
    if (text.includes('\uFFFD')) throw new Refusal(line, 'it holds bytes that are not UTF-8')
    const columns = text.split('\t')
    if (columns.length !== columnCount) {
      throw new Refusal(line, `it has ${columns.length} ${columns.length === 1 ? 'column' : 'columns'} where CoNLL-U has ${columnCount}${columns.length === 1 && / {2}|\S \S/.test(text) ? ', separated by tabs and not by spaces' : ''}`)
    }
    const [id = ''] = columns
    if (/^\d+\.\d+$/.test(id)) return
    const range = /^(\d+)-(\d+)$/.exec(id)
    if (range !== null) {
      const [from, to] = [Number(range[1]), Number(range[2])]
      if (from !== words.length + 1 || to <= from || from <= (ranges.at(-1)?.last ?? 0)) throw new Refusal(line, `the multiword token ${id} does not begin at the next word, ${words.length + 1}`)
      ranges.push({ first: from, last: to, line: { line, columns } })
      return
    }
    if (!/^\d+$/.test(id)) throw new Refusal(line, `${quoted(id, 20)} is no word number`)
    if (Number(id) !== words.length + 1) throw new Refusal(line, `word ${id} stands where word ${words.length + 1} was expected`)
    if ((columns[1] ?? '') === '') throw new Refusal(line, `word ${id} has no form`)
    words.push({ line, columns })
  })
  if (words.length === 0) throw new Refusal(first, 'it has no words')
  const open = ranges.find(({ last }) => last > words.length)
  if (open !== undefined) throw new Refusal(open.line.line, `the multiword token ${open.first}-${open.last} goes beyond the last word, ${words.length}`)
  return { words, ranges }
}

function treeOf(words: readonly WordLine[]): { readonly heads: readonly number[]; readonly depths: readonly number[] } {
  const heads = words.map(({ line, columns }, index) => {
    const head = columns[6] ?? '_'
    const named = `word ${index + 1} (${quoted(columns[1] ?? '', 40)})`
    if (head === '_' || head === '') throw new Refusal(line, `${named} has no head`)
    if (!/^\d+$/.test(head)) throw new Refusal(line, `the head of ${named} is ${quoted(head, 20)}, which is no word number`)
    if (Number(head) > words.length) throw new Refusal(line, `the head of ${named} is word ${head}, and there are ${words.length}`)
    if (Number(head) === index + 1) throw new Refusal(line, `${named} is its own head`)
    return Number(head)
  })
  const roots = heads.flatMap((head, index) => (head === 0 ? [index] : []))
  if (roots.length === 0) throw new Refusal(words[0]?.line ?? 0, 'no word has the head 0, so there is no root')
  if (roots.length > 1) throw new Refusal(words[roots[1] ?? 0]?.line ?? 0, `words ${roots.map(root => root + 1).join(' and ')} are all roots`)
  return { heads, depths: depthsOf(words, heads) }
}

function depthsOf(words: readonly WordLine[], heads: readonly number[]): readonly number[] {
  const depths = heads.map((head): number => (head === 0 ? 0 : -1))
  for (let start = 0; start < heads.length; start++) {
    const way: number[] = []
    let at = start
    while (depths[at] === -1) {
      if (way.length > heads.length) throw new Refusal(words[start]?.line ?? 0, `the heads from word ${start + 1} on lead in a circle`)
      way.push(at)
      at = (heads[at] ?? 1) - 1
    }
    for (const below of way.reverse()) depths[below] = (depths[(heads[below] ?? 1) - 1] ?? 0) + 1
  }
  return depths
}

function surfaceTokens(words: readonly WordLine[], ranges: readonly Range[]): readonly SurfaceToken[] {
  const tokens: SurfaceToken[] = []
  const token = ({ columns }: WordLine, own: readonly WordLine[]): void => {
    tokens.push({ form: columns[1] ?? '', spaceAfter: !(columns[9] ?? '').split('|').includes('SpaceAfter=No'), words: own.map(word => word.columns[1] ?? '') })
  }
  for (let index = 0; index < words.length;) {
    const range = ranges.find(({ first }) => first === index + 1)
    const own = words.slice(index, range === undefined ? index + 1 : range.last)
    const line = range?.line ?? own[0]
    if (line !== undefined) token(line, own)
    index += own.length
  }
  return tokens
}
