/** A table in Markdown, the first column left, the others right. Cells must be written for Markdown already. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map((_, column) => column === 0 ? '---' : '---:')), ...rows.map(line)].join('\n')
}
