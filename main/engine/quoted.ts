/** Control characters, and those that turn the reading order. */
const unseen = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A name or a text of a file or a person inside a sentence: in curly quotation marks, on one line, at most `longest` characters. */
export function quoted(text: string, longest = 200): string {
  const short = text.length > longest ? `${text.slice(0, longest - 1)}…` : text
  return `“${short.replace(unseen, (sign) => named[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}”`
}

/** A JSON value inside a sentence: a text in quotation marks, anything else as JSON writes it, cut short. */
export function quotedValue(value: unknown): string {
  return typeof value === 'string' ? quoted(value, 60) : String(JSON.stringify(value)).slice(0, 60)
}
