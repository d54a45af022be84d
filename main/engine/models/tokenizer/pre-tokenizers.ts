import { z } from 'zod'
import { prepend, replaceMatches, type AlignedText, type Match } from './aligned-text'
import { toAlignedByteCharacters } from './byte-level'
import { literalFinder, patternFinder, regexFinder, type MatchFinder } from './patterns'
import { componentSchema, patternSchema, readComponent, unsupported, type Component } from './tokenizer-file'

/** Cuts texts into the pieces that the model sees one at a time. */
export type Splitter = (pieces: readonly AlignedText[]) => readonly AlignedText[]

/** A pre-tokenizer; `byteLevel` leaves the step from characters to byte characters to the model, which caches it. */
export interface PreTokenizer {
  readonly split: Splitter
  readonly byteLevel: boolean
}

const behaviorSchema = z.enum(['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'])
type Behavior = z.infer<typeof behaviorSchema>

const punctuation = /[\p{P}!-/:-@[-`{-~]/gu
/** GPT-2's own pattern, white space as Unicode has it. */
const gpt2Pattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

/**
 * The pre-tokenizer of a tokenizer.json.
 * @throws LayerscopeError `tokenizer-unsupported`, `tokenizer-unreadable`
 */
export function createPreTokenizer(component: Component | null): PreTokenizer {
  const steps = flatten(component)
  const last = steps.at(-1)
  // Bytes at the very end: the usual case, and the one worth caching by text.
  const byteLevel = last?.type === 'ByteLevel'
  const splitters = steps.map((step, index) => createSplitter(step, byteLevel && index === steps.length - 1))
  return { byteLevel, split: (pieces) => splitters.reduce((current, splitter) => splitter(current), pieces) }
}

function flatten(component: Component | null): readonly Component[] {
  if (component === null) return []
  if (component.type !== 'Sequence') return [component]
  return readComponent('pre_tokenizer', component, z.object({ pretokenizers: z.array(componentSchema) })).pretokenizers.flatMap(flatten)
}

function createSplitter(component: Component, leaveBytes: boolean): Splitter {
  const read = <S extends z.ZodType>(schema: S): z.output<S> => readComponent('pre_tokenizer', component, schema)
  switch (component.type) {
    case 'ByteLevel': {
      const options = read(z.object({ add_prefix_space: z.boolean().default(true), use_regex: z.boolean().default(true) }))
      return byteLevelSplitter(options.add_prefix_space, options.use_regex, leaveBytes)
    }
    case 'BertPreTokenizer': {
      const words = splitter(regexFinder(/\p{White_Space}+/gu), 'Removed')
      const marks = splitter(regexFinder(punctuation), 'Isolated')
      return (pieces) => marks(words(pieces))
    }
    case 'Whitespace': return splitter(regexFinder(/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu), 'Removed', 'inverted')
    case 'WhitespaceSplit': return splitter(regexFinder(/\p{White_Space}/gu), 'Removed')
    case 'Punctuation': return splitter(regexFinder(punctuation), read(z.object({ behavior: behaviorSchema.default('Isolated') })).behavior)
    case 'Digits': {
      const individual = read(z.object({ individual_digits: z.boolean().default(false) })).individual_digits
      return splitter(regexFinder(/\p{N}/gu), individual ? 'Isolated' : 'Contiguous')
    }
    case 'CharDelimiterSplit': return splitter(literalFinder(read(z.object({ delimiter: z.string() })).delimiter), 'Removed')
    case 'Split': {
      const options = read(z.object({ pattern: patternSchema, behavior: behaviorSchema, invert: z.boolean().default(false) }))
      return splitter(patternFinder('pre_tokenizer', options.pattern), options.behavior, options.invert ? 'inverted' : 'plain')
    }
    case 'FixedLength': {
      const length = read(z.object({ length: z.int().positive() })).length
      return splitter(regexFinder(new RegExp(`[^]{1,${length}}`, 'gu')), 'Isolated')
    }
    case 'Metaspace': return metaspaceSplitter(read(metaspaceSchema))
    default: throw unsupported('pre_tokenizer', component.type)
  }
}

function byteLevelSplitter(addPrefixSpace: boolean, useRegex: boolean, leaveBytes: boolean): Splitter {
  const cut: Splitter = useRegex ? splitter(regexFinder(gpt2Pattern), 'Isolated') : (pieces) => pieces
  return (pieces) => {
    const spaced = addPrefixSpace ? pieces.map((piece) => (piece.text.startsWith(' ') ? piece : prepend(piece, ' '))) : pieces
    const parts = cut(spaced)
    return leaveBytes ? parts : parts.map(toAlignedByteCharacters)
  }
}

const metaspaceSchema = z.object({
  replacement: z.string().default('▁'),
  prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
  /** Older files say this instead of `prepend_scheme`. */
  add_prefix_space: z.boolean().default(true),
  split: z.boolean().default(true)
})

function metaspaceSplitter(options: z.infer<typeof metaspaceSchema>): Splitter {
  const scheme = options.prepend_scheme ?? (options.add_prefix_space ? 'always' : 'never')
  const spaces = literalFinder(' ')
  const cut: Splitter = options.split ? splitter(literalFinder(options.replacement), 'MergedWithNext') : (pieces) => pieces
  return (pieces) => cut(pieces.map((piece) => {
    const replaced = replaceMatches(piece, spaces(piece.text), options.replacement)
    const wanted = scheme === 'always' || (scheme === 'first' && piece.origin === 0)
    return wanted && !replaced.text.startsWith(options.replacement) ? prepend(replaced, options.replacement) : replaced
  }))
}

/** Cuts every piece at the matches; `inverted` takes what lies between the matches for matches. */
function splitter(find: MatchFinder, behavior: Behavior, sense: 'plain' | 'inverted' = 'plain'): Splitter {
  return (pieces) => {
    const parts: AlignedText[] = []
    for (const piece of pieces) {
      for (const { start, end } of cutRanges(piece.length, find(piece.text), behavior, sense)) {
        if (end > start) parts.push(piece.slice(start, end))
      }
    }
    return parts
  }
}

interface Range { start: number; end: number; readonly matched: boolean }

function cutRanges(length: number, matches: readonly Match[], behavior: Behavior, sense: 'plain' | 'inverted'): readonly Match[] {
  const ranges: Range[] = []
  const inside = sense === 'plain'
  let done = 0
  for (const { start, end } of matches) {
    if (start > done) ranges.push({ start: done, end: start, matched: !inside })
    ranges.push({ start, end, matched: inside })
    done = end
  }
  if (done < length) ranges.push({ start: done, end: length, matched: !inside })
  switch (behavior) {
    case 'Isolated': return ranges
    case 'Removed': return ranges.filter((range) => !range.matched)
    case 'Contiguous': return ranges.reduce<Range[]>((merged, range) => {
      const previous = merged.at(-1)
      if (previous?.matched === range.matched) previous.end = range.end
      else merged.push({ ...range })
      return merged
    }, [])
    case 'MergedWithPrevious': {
      const merged: Range[] = []
      let previousMatched = false
      for (const range of ranges) {
        const previous = merged.at(-1)
        if (range.matched && !previousMatched && previous !== undefined) previous.end = range.end
        else merged.push({ ...range })
        previousMatched = range.matched
      }
      return merged
    }
    case 'MergedWithNext': {
      const merged: Range[] = []
      let nextMatched = false
      for (const range of ranges.toReversed()) {
        const next = merged.at(-1)
        if (range.matched && !nextMatched && next !== undefined) next.start = range.start
        else merged.push({ ...range })
        nextMatched = range.matched
      }
      return merged.reverse()
    }
  }
}
