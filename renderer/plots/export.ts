/** Writing figures and tables to files and to the clipboard. */

/** Tab-separated text, one line a row. Tabs and line breaks inside cells become spaces, as spreadsheets expect. */
export function toTsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map((cell) => cell.replace(/[\t\r\n]+/g, ' ')).join('\t')).join('\n') + '\n'
}

/** RFC 4180. A cell that a spreadsheet would run as a formula stays as it is: this is data, and has to read back unchanged. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(csvCell).join(',')).join('\r\n') + '\r\n'
}

function csvCell(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** Asks for a place and writes there; false when the person cancelled. */
export async function saveFile(kind: 'save-figure' | 'save-table', suggestedName: string, data: (path: string) => Promise<Uint8Array> | Uint8Array): Promise<boolean> {
  const path = await window.layerscope.dialog(kind, suggestedName)
  if (path === null) return false
  await window.layerscope.writeFile(path, await data(path))
  return true
}

/** Puts plain text on the clipboard without asking for a permission. */
export function copyText(text: string): boolean {
  let copied = false
  const fill = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
    event.stopImmediatePropagation()
    copied = event.clipboardData !== null
  }
  document.addEventListener('copy', fill, { capture: true })
  document.execCommand('copy')
  document.removeEventListener('copy', fill, { capture: true })
  return copied
}

/** A file name from what is shown: letters, digits, dots and hyphens. */
export function fileName(...parts: readonly string[]): string {
  return parts.map((part) => part.normalize('NFKD').replace(/[^\p{L}\p{N}.]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '')).filter((part) => part !== '').join('-').slice(0, 120) || 'figure'
}
