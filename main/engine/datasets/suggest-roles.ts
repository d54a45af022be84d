import type { DuckDBConnection } from '@duckdb/node-api'
import type { ColumnRoles, Positions } from '../../../preload/recipe'
import { queryRows } from './database'
import { parsePolarity } from './polarity'
import { isQuantity, type TableColumn } from './profile-columns'
import { quoted } from '../quoted'
import { written } from '../quantity'

export interface RoleSuggestion {
  readonly roles: Partial<ColumnRoles>
  readonly groupReason: string | null
}

const textNames = ['text', 'statement', 'sentence', 'prompt', 'question', 'content', 'review', 'premise', 'utterance']
const labelNames = ['label', 'labels', 'target', 'class', 'y', 'truth', 'gold', 'is_true', 'category', 'sentiment', 'answer']
const latitudeNames = ['latitude', 'lat']
const longitudeNames = ['longitude', 'lon', 'lng', 'long']
/** What places lie in, best first: neighbours would tell on each other. */
const regionNames = ['country', 'nation', 'state', 'region', 'continent']
const testNames = ['is_test', 'test', 'split', 'never_judged', 'fold_test', 'heldout', 'held_out']
const polarityNames = ['polarity', 'is_affirmative', 'affirmative']
const topicNames = ['topic', 'dataset', 'domain', 'subset', 'theme']
const mostTopics = 100
/** Fewer values than this make no folds. */
const fewestGroups = 5

/** Which columns look like the text, the label, the group, the test marks and the roles of contrast pairs. */
export async function suggestRoles(connection: DuckDBConnection, table: string, columns: readonly TableColumn[], rows: number): Promise<RoleSuggestion> {
  const named = (names: readonly string[], fits: (column: TableColumn) => boolean): TableColumn | undefined =>
    names.map((name) => columns.find((column) => column.name.toLowerCase() === name && fits(column))).find((column) => column !== undefined)
  const isTexts = (column: TableColumn): boolean => column.type === 'text' && column.distinct > 1
  const text = named(textNames, isTexts) ?? longestTexts(columns.filter(isTexts)) ?? columns.find((column) => column.type === 'text')
  const test = named(testNames, (column) => column !== text && column.distinct >= 2 && column.distinct <= 4)
  const isLabel = (column: TableColumn): boolean => column !== text && column !== test && column.distinct >= 2 && column.type !== 'other' && column.type !== 'date'
  const isClasses = (column: TableColumn): boolean => isLabel(column) && !isQuantity(column) && column.distinct <= Math.min(20, Math.max(2, rows / 4))
  // Where on Earth something is is asked before classes that no name speaks for.
  const [latitude, longitude] = [named(latitudeNames, isQuantity), named(longitudeNames, isQuantity)]
  const place = latitude !== undefined && longitude !== undefined ? latitude : undefined
  const label = named(labelNames, (column) => isLabel(column) && (isQuantity(column) || column.distinct <= 100)) ?? place ??
    columns.filter(isClasses).sort((a, b) => a.distinct - b.distinct)[0]
  const free = columns.filter((column) => column !== text && column !== label && column !== test)
  const region = label === place ? named(regionNames, (column) => free.includes(column) && column.distinct >= fewestGroups) : undefined
  const group = label === undefined ? null : await recurringColumn(connection, table, region === undefined ? free : [region], label)
  const pair = label?.distinct === 2 ? await pairColumn(connection, table, free, label) : null
  const polarity = named(polarityNames, (column) => free.includes(column) && column.distinct === 2 && column.examples.every((example) => parsePolarity(example) !== null))
  const topic = named(topicNames, (column) => free.includes(column) && column.distinct >= 2 && column.distinct <= mostTopics)
  return {
    roles: {
      ...(text === undefined ? {} : { text: { kind: 'column', column: text.name } }),
      ...(label === undefined ? {} : { label: label.name }),
      ...(label !== undefined && label === place && longitude !== undefined ? { moreTargets: [longitude.name] } : {}),
      ...(group === null ? {} : { group: group.column.name }),
      ...(test === undefined ? {} : { test: test.name }),
      ...(pair === null ? {} : { pair: pair.name }),
      ...(polarity === undefined ? {} : { polarity: polarity.name }),
      ...(topic === undefined ? {} : { topic: topic.name })
    },
    groupReason: group === null || label === undefined ? null
      : `${written(group.recurring)} of the ${written(group.column.distinct)} values of ${quoted(group.column.name)} stand beside more than one ${quoted(label.name)}: keeping the rows of one value in one fold stops the probe from recognising them.`
  }
}

/** Rows that name a range of characters in their text are words of it. */
export function suggestedPositions(columns: readonly TableColumn[]): Positions | null {
  const hasNumbers = (name: string): boolean => columns.some((column) => column.name === name && column.type === 'integer')
  return hasNumbers('start') && hasNumbers('end') && columns.some(({ name, type }) => name === 'word' && type !== 'other') ? { kind: 'word' } : null
}

/** The longest texts, among columns with many different values. */
function longestTexts(columns: readonly TableColumn[]): TableColumn | undefined {
  const most = Math.max(...columns.map((column) => column.distinct))
  return columns.filter((column) => column.distinct >= most / 4).sort((a, b) => b.averageLength - a.averageLength)[0]
}

async function recurringColumn(connection: DuckDBConnection, table: string, columns: readonly TableColumn[], label: TableColumn): Promise<{ readonly column: TableColumn; readonly recurring: number } | null> {
  let best: { readonly column: TableColumn; readonly recurring: number } | null = null
  for (const column of columns) {
    if (column.type === 'number' || column.type === 'other' || column.distinct < fewestGroups) continue
    const [row] = await queryRows(connection, `
      SELECT count(*) FILTER (WHERE labels > 1) FROM (
        SELECT count(DISTINCT ${label.sql}) AS labels FROM ${table} WHERE ${column.sql} IS NOT NULL GROUP BY ${column.sql}
      )`)
    const recurring = Number(row?.[0] ?? 0)
    if (recurring >= fewestGroups && recurring >= column.distinct * 0.1 && recurring > (best?.recurring ?? 0)) best = { column, recurring }
  }
  return best
}

/** A column whose every value stands in exactly two rows, one of either label. */
async function pairColumn(connection: DuckDBConnection, table: string, columns: readonly TableColumn[], label: TableColumn): Promise<TableColumn | null> {
  for (const column of columns) {
    if (column.type === 'number' || column.type === 'other' || column.missing > 0 || column.distinct < fewestGroups) continue
    const [row] = await queryRows(connection, `
      SELECT count(*) FILTER (WHERE rows <> 2 OR labels <> 2) FROM (
        SELECT count(*) AS rows, count(DISTINCT ${label.sql}) AS labels FROM ${table} GROUP BY ${column.sql}
      )`)
    if (Number(row?.[0] ?? 1) === 0) return column
  }
  return null
}
