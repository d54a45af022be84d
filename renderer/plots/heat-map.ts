/** A matrix of numbers to be drawn as colours, and where its parts lie: the same for the screen and for figures. */

export interface HeatMapAxis {
  /** What its lines are, in a word or two: `layer`, `trained on`. */
  readonly title: string
  /** As written beside the cells, shortened where there is no room. */
  readonly labels: readonly string[]
  /** As written where there is room; the labels when left out. */
  readonly names?: readonly string[]
}

export interface HeatMapData {
  /** What is seen, as a sentence without an end. */
  readonly title: string
  readonly rows: HeatMapAxis
  readonly columns: HeatMapAxis
  /** [rows × columns], row by row; null where there is no value. */
  readonly values: readonly (number | null)[]
  /** Columns apart from the others, in the same colours: what a line's values are to be read against. Values as above. */
  readonly beside?: { readonly labels: readonly string[]; readonly names: readonly string[]; readonly values: readonly (number | null)[] }
  /** What the values are: `accuracy`. */
  readonly valueName: string
  /** Values at the two ends of the colour scale. */
  readonly range: readonly [number, number]
  /** A value with all digits it is worth. */
  readonly write: (value: number) => string
  /** A value as written into its cell, a few characters; `write` when left out. */
  readonly writeShort?: (value: number) => string
}

/** Which line of an axis; null for none. */
export interface HeatMapPlace { readonly row: number | null; readonly column: number | null }

export interface HeatMapLayout {
  /** Upper left corner of the cells. */
  readonly left: number
  readonly top: number
  readonly cellWidth: number
  readonly cellHeight: number
  /** Right end of the cells, and where the columns beside them begin. */
  readonly right: number
  readonly besideLeft: number
  /** Right end of all columns. */
  readonly end: number
  /** Whole drawing; larger than the room where cells would otherwise vanish. */
  readonly width: number
  readonly height: number
  /** Characters of a row label that fit. */
  readonly rowCharacters: number
  /** Column labels lie level, or rise at a slant when names do not fit side by side. */
  readonly slanted: boolean
  readonly columnCharacters: number
  /** Whether values fit into their cells. */
  readonly inCells: boolean
  /** Baseline of the columns' title. */
  readonly titleAt: number
}

/** Mean advance of a character at 11 px. */
const CHARACTER = 6.2
const LEAST_CELL = 6
const AXIS_TITLE = 20
/** The colour scale right of the cells, up to its two numbers. */
const SCALE = 27
const SLANT = Math.sin(Math.PI / 5)
/** A column beside the cells is as wide as its name; so far it stands from them. */
export const BESIDE_CELL = 50
const BESIDE_GAP = 12

/** Places a heat map of `data` into a room of pixels. `square` keeps cells square, for matrices of like with like. */
export function heatMapLayout(data: HeatMapData, room: { readonly width: number; readonly height: number }, square: boolean): HeatMapLayout {
  const { rows, columns } = data
  const [height, width] = [Math.max(1, rows.labels.length), Math.max(1, columns.labels.length)]
  const longest = (labels: readonly string[]): number => Math.max(1, ...labels.map((label) => label.length))
  const rowCharacters = Math.min(longest(rows.labels), Math.max(6, Math.floor(room.width * 0.28 / CHARACTER)))
  const left = AXIS_TITLE + rowCharacters * CHARACTER + 14
  // Figures and units run wider than the mean letter.
  const scale = Math.max(64, SCALE + longest(data.range.map(data.write)) * CHARACTER * 1.1 + 6)
  const beside = data.beside && data.beside.labels.length > 0 ? BESIDE_GAP + data.beside.labels.length * BESIDE_CELL : 0
  const inner = Math.max(width * LEAST_CELL, room.width - left - scale - beside)
  const level = longest(columns.labels)
  // Short names of many columns are written every few columns instead.
  const slanted = level > 6 && level * CHARACTER + 8 > Math.min(132, inner / width)
  const columnCharacters = slanted ? Math.min(level, 22) : level
  const labelHeight = slanted ? columnCharacters * CHARACTER * SLANT + 18 : 22
  const top = 8
  const tall = Math.max(height * LEAST_CELL, room.height - top - labelHeight - AXIS_TITLE)
  let cellWidth = Math.min(132, inner / width)
  let cellHeight = Math.min(56, tall / height)
  if (square) {
    const side = Math.min(inner / width, tall / height, 64)
    cellWidth = cellHeight = side
  }
  const write = data.writeShort ?? data.write
  const widest = Math.max(1, ...data.values.map((value) => value === null ? 0 : write(value).length))
  const right = left + cellWidth * width
  return {
    left, top, right, besideLeft: right + BESIDE_GAP, end: right + beside, cellWidth, cellHeight, rowCharacters, slanted, columnCharacters,
    titleAt: top + cellHeight * height + labelHeight + 12,
    width: Math.max(room.width, right + beside + scale),
    height: Math.max(room.height, top + cellHeight * height + labelHeight + AXIS_TITLE),
    inCells: cellWidth >= widest * CHARACTER + 6 && cellHeight >= 15
  }
}

/** The cell under a point of the drawing; null beside the cells. */
export function cellAt({ left, top, cellWidth, cellHeight }: HeatMapLayout, data: HeatMapData, x: number, y: number): { readonly row: number; readonly column: number } | null {
  const column = Math.floor((x - left) / cellWidth)
  const row = Math.floor((y - top) / cellHeight)
  return column >= 0 && row >= 0 && column < data.columns.labels.length && row < data.rows.labels.length ? { row, column } : null
}

/** Where a key leads from a cell; null for keys that lead nowhere. */
export function stepCell(data: HeatMapData, { row, column }: { readonly row: number; readonly column: number }, key: string): { readonly row: number; readonly column: number } | null {
  const lastRow = data.rows.labels.length - 1
  const lastColumn = data.columns.labels.length - 1
  switch (key) {
    case 'ArrowLeft': return { row, column: Math.max(0, column - 1) }
    case 'ArrowRight': return { row, column: Math.min(lastColumn, column + 1) }
    case 'ArrowUp': return { row: Math.max(0, row - 1), column }
    case 'ArrowDown': return { row: Math.min(lastRow, row + 1), column }
    case 'Home': return { row, column: 0 }
    case 'End': return { row, column: lastColumn }
    case 'PageUp': return { row: 0, column }
    case 'PageDown': return { row: lastRow, column }
    default: return null
  }
}

/** Value of a cell; null where there is none. */
export function valueAt(data: HeatMapData, row: number, column: number): number | null {
  return data.values[row * data.columns.labels.length + column] ?? null
}

/** What a line's values are to be read against, column by column. */
export function besideValues({ beside }: HeatMapData, row: number): readonly (number | null)[] {
  return beside?.values.slice(row * beside.labels.length, (row + 1) * beside.labels.length) ?? []
}

/** Place of a value between the two ends of the scale, 0 … 1. */
export function shareOf({ range: [low, high] }: HeatMapData, value: number): number {
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5
}

/** The matrix as a table with a line a row, exact to the last digit; what copy and export write. */
export function heatMapTable(data: HeatMapData): readonly (readonly string[])[] {
  const names = (axis: HeatMapAxis): readonly string[] => axis.names ?? axis.labels
  return [
    [`${data.rows.title} \\ ${data.columns.title}`, ...names(data.columns), ...data.beside?.names ?? []],
    ...names(data.rows).map((name, row) => [
      name, ...names(data.columns).map((_, column) => String(valueAt(data, row, column) ?? '')), ...besideValues(data, row).map((value) => String(value ?? ''))
    ])
  ]
}

/** `text` in at most `characters`, its middle left out: names differ at their ends. */
export function shortened(text: string, characters: number): string {
  if (text.length <= characters) return text
  const kept = Math.max(2, characters - 1)
  return `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`
}
