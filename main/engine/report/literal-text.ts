/** Text from datasets and models inside Markdown and Python: always text, never markup or code. */

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g

/** As running text or a table cell of Markdown (CommonMark and its tables): one line, nothing in it is markup. */
export function markdownText(text: string): string {
  return text.replace(CONTROL, ' ').trim()
    .replace(/[\\`*_{}[\]<>#!|~&$@]/g, sign => `\\${sign}`)
    // Addresses would become links, a first sign or number a list.
    .replace(/:(?=\/\/)/g, '\\:').replace(/\bwww\./gi, match => `${match.slice(0, -1)}\\.`)
    .replace(/^([-+=])/, '\\$1').replace(/^(\d+)([.)])/, '$1\\$2')
}

/** A name as code where that shows it as it is, as escaped text elsewhere. */
export function markdownCode(text: string): string {
  return /^[A-Za-z0-9._/\-:+ {}]+$/.test(text) && text === text.trim() ? `\`${text}\`` : markdownText(text)
}

/** A Python string literal: JSON's escapes are Python's; characters that turn the reading order or break lines are escaped too. */
export function pythonText(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
