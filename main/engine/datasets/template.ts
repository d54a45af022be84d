import { LayerscopeError } from '../errors'

/** A template cut at its columns: `The city of {city}.` is a literal, a column, a literal. */
export type TemplatePart =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'column'; readonly name: string }

/**
 * Reads a template over columns; `{{` and `}}` are braces.
 * @throws LayerscopeError `template-invalid` for a brace that is never closed or opened
 */
export function parseTemplate(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = []
  let literal = ''
  for (let index = 0; index < template.length; index++) {
    const character = template.charAt(index)
    const doubled = template.charAt(index + 1) === character
    if ((character === '{' || character === '}') && doubled) {
      literal += character
      index++
    } else if (character === '{') {
      const end = template.indexOf('}', index)
      const name = end < 0 ? '' : template.slice(index + 1, end).trim()
      if (end < 0 || name === '' || name.includes('{')) throw invalid(end < 0 ? 'A { in the template is never closed.' : 'The template has braces without a column name.')
      if (literal !== '') parts.push({ kind: 'literal', text: literal })
      literal = ''
      parts.push({ kind: 'column', name })
      index = end
    } else if (character === '}') {
      throw invalid('A } in the template has no { before it.')
    } else {
      literal += character
    }
  }
  if (literal !== '') parts.push({ kind: 'literal', text: literal })
  return parts
}

function invalid(message: string): LayerscopeError {
  return new LayerscopeError({ code: 'template-invalid', message, field: 'text', hint: 'Write a column as {name}; a brace itself as {{ or }}.' })
}

/** Names of the columns a template uses, each once. */
export function templateColumns(parts: readonly TemplatePart[]): readonly string[] {
  return Array.from(new Set(parts.flatMap((part) => (part.kind === 'column' ? [part.name] : []))))
}

/** A text with the UTF-16 range of the last use of `spanColumn` in it; null where the template does not use it. */
export interface Rendered { readonly text: string; readonly span: readonly [number, number] | null }

export function renderTemplate(parts: readonly TemplatePart[], valueOf: (column: string) => string, spanColumn: string | null): Rendered {
  let text = ''
  let span: readonly [number, number] | null = null
  for (const part of parts) {
    const value = part.kind === 'literal' ? part.text : valueOf(part.name)
    if (part.kind === 'column' && part.name === spanColumn) span = [text.length, text.length + value.length]
    text += value
  }
  return { text, span }
}
