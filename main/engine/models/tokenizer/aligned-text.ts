/**
 * A string that remembers where each of its characters came from.
 *
 * Every step of a tokenizer may change the text (lower case, accents stripped, a dummy prefix, bytes
 * instead of characters); the alignment carries character positions of the input through all of them,
 * by the same rules as the `tokenizers` library of Hugging Face (`NormalizedString`).
 * Positions are UTF-16 code units throughout.
 */
export class AlignedText {
  /**
   * @param text the text as it now is
   * @param origin input position where the text starts
   * @param starts input position where the character of each unit starts, [text.length]; null when unchanged
   * @param ends input position where it ends, [text.length]
   */
  constructor(
    readonly text: string,
    readonly origin: number,
    readonly starts: Int32Array | null = null,
    readonly ends: Int32Array | null = null
  ) {}

  get length(): number { return this.text.length }

  /** Input position where the character at `unit` starts. */
  startOf(unit: number): number {
    return this.starts === null ? this.origin + unit : this.starts[unit] ?? this.origin
  }

  /** Input position where the last character before `unit` ends. */
  endBefore(unit: number): number {
    return this.ends === null ? this.origin + unit : this.ends[unit - 1] ?? this.origin
  }

  /** The same places with other characters, one for one. */
  withText(text: string): AlignedText {
    return new AlignedText(text, this.origin, this.starts, this.ends)
  }

  slice(start: number, end: number): AlignedText {
    if (start === 0 && end === this.text.length) return this
    if (this.starts === null || this.ends === null) return new AlignedText(this.text.slice(start, end), this.origin + start)
    return new AlignedText(this.text.slice(start, end), this.starts[start] ?? this.origin, this.starts.subarray(start, end), this.ends.subarray(start, end))
  }
}

/** Collects characters with the input range each stands for. */
export class AlignedBuilder {
  private readonly parts: string[] = []
  private readonly starts: number[] = []
  private readonly ends: number[] = []

  constructor(private readonly origin: number) {}

  /** Adds a character (or several that share one source) that stands for the input range `start` … `end`. */
  push(characters: string, start: number, end: number): void {
    this.parts.push(characters)
    for (let unit = 0; unit < characters.length; unit++) {
      this.starts.push(start)
      this.ends.push(end)
    }
  }

  /** Adds units `start` … `end` of another aligned text, character by character. */
  copy(source: AlignedText, start: number, end: number): void {
    let unit = start
    while (unit < end) {
      const next = unit + characterLength(source.text, unit)
      this.push(source.text.slice(unit, next), source.startOf(unit), source.endBefore(next))
      unit = next
    }
  }

  build(): AlignedText {
    return new AlignedText(this.parts.join(''), this.origin, Int32Array.from(this.starts), Int32Array.from(this.ends))
  }
}

/** UTF-16 units of the code point at `unit`: 1, or 2 for a surrogate pair. */
export function characterLength(text: string, unit: number): 1 | 2 {
  const first = text.charCodeAt(unit)
  if (first < 0xd800 || first > 0xdbff) return 1
  const second = text.charCodeAt(unit + 1)
  return second >= 0xdc00 && second <= 0xdfff ? 2 : 1
}

/** Puts `prefix` in front; it shares the place of the first character. Empty text stays empty. */
export function prepend(source: AlignedText, prefix: string): AlignedText {
  if (source.length === 0 || prefix.length === 0) return source
  const builder = new AlignedBuilder(source.origin)
  builder.push(prefix, source.startOf(0), source.endBefore(characterLength(source.text, 0)))
  builder.copy(source, 0, source.length)
  return builder.build()
}

/** A match of a pattern, half-open. */
export interface Match { readonly start: number; readonly end: number }

/** Replaces every match; the new characters stand for the last character they replace. */
export function replaceMatches(source: AlignedText, matches: readonly Match[], content: string): AlignedText {
  if (matches.length === 0) return source
  const builder = new AlignedBuilder(source.origin)
  let done = 0
  for (const { start, end } of matches) {
    builder.copy(source, done, start)
    const last = end - 1 > start && characterLength(source.text, end - 2) === 2 ? end - 2 : end - 1
    builder.push(content, source.startOf(last), source.endBefore(end))
    done = end
  }
  builder.copy(source, done, source.length)
  return builder.build()
}
