import type { DuckDBConnection } from '@duckdb/node-api'
import type { DatasetProblem, RolesCheck, Task } from '../../../preload/contract'
import type { ColumnRoles, ProbeTask } from '../../../preload/recipe'
import { LayerscopeError } from '../errors'
import { quoted } from '../quoted'
import { shiftedTextUnread } from './conllu'
import { queryRows } from './database'
import { nearestColumn } from './find-column'
import { parsePolarity } from './polarity'
import { predictedTask } from './predicted-task'
import { numbersIn, type NumbersIn } from './numbers-in'
import { mostNumberClasses, toLabel, type TableColumn } from './profile-columns'
import { parseTemplate, templateColumns } from './template'
import { quantity, written } from '../quantity'

/** More classes than this are not probed. */
const mostClasses = 100
const listedRows = 5
const listedGroups = 3

/** What a choice of columns means: task, classes, groups, and everything that would spoil the run, in sentences. */
export async function checkRoles(connection: DuckDBConnection, table: string, columns: readonly TableColumn[], roles: ColumnRoles, asked: ProbeTask): Promise<Omit<RolesCheck, 'examples'>> {
  const problems: DatasetProblem[] = []
  const say = (message: string, row: number | null = null): void => { problems.push({ row, message }) }
  const find = (name: string | null, role: string): TableColumn | null => {
    if (name === null) return null
    const column = columns.find((candidate) => candidate.name === name)
    if (column === undefined) say(`${role} ${quoted(name)} is not a column. ${nearestColumn(columns, name)}`)
    return column ?? null
  }
  const texts = textColumns(roles, say).map((name) => find(name, roles.text.kind === 'column' ? 'The text' : 'The template’s')).filter((column) => column !== null)
  const label = find(roles.label, 'The label')
  const more = roles.moreTargets.map((name) => find(name, 'The further target')).filter((column) => column !== null)
  const group = find(roles.group, 'The group')
  const test = find(roles.test, 'The test mark')
  const pair = find(roles.pair, 'The pair')
  const polarity = find(roles.polarity, 'The polarity')
  find(roles.topic, 'The topic')
  if (problems.length > 0) return { task: 'none', usableRows: 0, classes: [], targets: [], groups: null, problems }

  const hasText = texts.length === 0 ? 'true' : texts.map((column) => `coalesce(trim(${column.sql}, ${whiteSpace}), '') <> ''`).join(' AND ')
  const isTree = asked === 'tree'
  const usable = label === null || isTree ? hasText : `(${hasText}) AND ${label.sql} IS NOT NULL`
  const [counts] = await queryRows(connection, `SELECT count(*), count(*) FILTER (WHERE ${usable}), count(*) FILTER (WHERE NOT (${hasText})) FROM ${table}`)
  const [rows = 0, usableRows = 0, withoutText = 0] = (counts ?? []).map(Number)
  if (withoutText > 0) {
    const first = await queryRows(connection, `SELECT rowid + 1 FROM ${table} WHERE NOT (${hasText}) ORDER BY rowid LIMIT ${listedRows}`)
    say(`${quantity(withoutText, 'row has', 'rows have')} no text and will be left out (${rowList(first, withoutText)}).`)
  }
  if (usableRows === 0) say('No row is left to work with.')
  const noTrees = isTree ? treeObstacle(columns) : null
  if (noTrees !== null) return { task: 'tree', usableRows: 0, classes: [], targets: [], groups: null, problems: [{ row: null, message: noTrees }] }
  const task = isTree ? 'tree' : label === null ? 'none' : taskOf(columns, label, roles, asked)
  const classes = label === null || task === 'numeric' || isTree ? [] : await countClasses(connection, table, label, usable)
  const { targets, withoutNumber } = label !== null && task === 'numeric' ? await checkTargets(connection, table, [label, ...more], usable, say) : { targets: [], withoutNumber: 0 }
  if (label !== null && !isTree) await checkLabel(connection, table, label, task, classes, usableRows, say)
  if (label?.type === 'text' && asked === 'auto' && task !== 'numeric') sayMostlyNumbers(label, await numbersIn(connection, table, label, usable), say)
  const groups = group === null ? null : await checkGroup(connection, table, group, usable, say)
  if (test !== null) await checkTest(connection, table, { test, group }, usable, usableRows, say)
  if (pair !== null && label !== null) await checkPairs(connection, table, pair, label, usable, say)
  if (polarity !== null) await checkPolarity(connection, table, polarity, usable, say)
  const unread = shiftedTextUnread(columns, roles)
  if (unread !== null) say(unread)
  if (roles.group !== null && roles.group === roles.label) say('The group is the label itself: no class would be in both training and test rows.')
  if (roles.text.kind === 'column' && roles.label === roles.text.column) say('The label is the text itself.')
  return { task, usableRows: Math.min(usableRows, rows) - withoutNumber, classes, targets, groups, problems }
}

const whiteSpace = `' ' || chr(9) || chr(10) || chr(13) || chr(160)`

function textColumns(roles: ColumnRoles, say: (message: string) => void): readonly string[] {
  if (roles.text.kind === 'column') return [roles.text.column]
  try {
    const names = templateColumns(parseTemplate(roles.text.template))
    if (names.length === 0) say('The template names no column, so every text would be the same. Write a column as {name}.')
    return names
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error
    say([error.report.message, error.report.hint].join(' '))
    return []
  }
}

/** Columns that a word's place in a tree is read from. */
const treeColumns = ['sentence', 'id', 'head']

/** Why the rows hold no trees, in a sentence that names what to open; null where they do. */
function treeObstacle(columns: readonly TableColumn[]): string | null {
  const missing = treeColumns.filter((name) => !columns.some((column) => column.name === name))
  return missing.length === 0 ? null : `The rows hold no trees: ${missing.map((name) => quoted(name)).join(' and ')} ${missing.length === 1 ? 'is no column' : 'are no columns'} here. Open a CoNLL-U file word by word.`
}

function taskOf(columns: readonly TableColumn[], label: TableColumn, roles: ColumnRoles, asked: ProbeTask): Task {
  return predictedTask(columns, roles, asked) === 'numeric' ? 'numeric' : label.distinct === 2 ? 'binary' : 'multiclass'
}

/** The columns of numbers with their ranges, the label first; says which of them cannot be predicted as numbers, and which rows will be left out. */
async function checkTargets(connection: DuckDBConnection, table: string, columns: readonly TableColumn[], usable: string, say: (message: string, row?: number) => void): Promise<{ readonly targets: RolesCheck['targets']; readonly withoutNumber: number }> {
  let withoutNumber = 0
  const targets: RolesCheck['targets'][number][] = []
  for (const column of columns) {
    const { name, type, distinct } = column
    const isNumeric = type === 'integer' || type === 'number'
    const found = isNumeric ? null : await numbersIn(connection, table, column, usable)
    if (found !== null && found.numbers <= found.others) say(`${quoted(name)} holds ${type === 'text' ? 'text' : `${type} values`}, not numbers: predict it as classes.`)
    else if ((found?.distinct ?? distinct) < 2) say(`Every row has the same ${quoted(name)}: there is nothing to predict.`)
    else if (found !== null && found.first !== null) {
      if (column === columns[0]) withoutNumber = found.others
      say(`${quantity(found.others, 'row has', 'rows have')} no number in ${quoted(name)} and will take no part in the probe; ${found.others === 1 ? 'it holds' : 'the first holds'} ${quoted(found.first.cell)}.`, found.first.row)
    }
    targets.push({ name, min: (found ?? column).min ?? NaN, max: (found ?? column).max ?? NaN })
  }
  return { targets, withoutNumber }
}

/** A column of a quantity that a few cells of text made one of classes. */
function sayMostlyNumbers({ name }: TableColumn, { numbers, others, distinct, first }: NumbersIn, say: (message: string, row?: number) => void): void {
  if (first === null || numbers <= others || distinct <= mostNumberClasses) return
  say(`${written(numbers)} of ${written(numbers + others)} values of ${quoted(name)} are numbers; ${quoted(first.cell)} is the first that is not, so they are read as classes. Correct it, or choose Predicted as, Numbers, which leaves such rows out.`, first.row)
}

async function countClasses(connection: DuckDBConnection, table: string, label: TableColumn, usable: string): Promise<RolesCheck['classes']> {
  const rows = await queryRows(connection, `SELECT ${label.sql}, count(*) FROM ${table} WHERE ${usable} GROUP BY ${label.sql}`)
  const classes = rows.map(([name, count]) => ({ name: toLabel(label.type, name) ?? '', rows: Number(count) }))
  const byNumber = label.type === 'integer' || label.type === 'number'
  return classes.sort((a, b) => (byNumber ? Number(a.name) - Number(b.name) : a.name < b.name ? -1 : 1))
}

async function checkLabel(connection: DuckDBConnection, table: string, label: TableColumn, task: Task, classes: RolesCheck['classes'], usableRows: number, say: (message: string) => void): Promise<void> {
  if (label.missing > 0) {
    const first = await queryRows(connection, `SELECT rowid + 1 FROM ${table} WHERE ${label.sql} IS NULL ORDER BY rowid LIMIT ${listedRows}`)
    say(`${quantity(label.missing, 'row has', 'rows have')} no ${quoted(label.name)} and will take no part in the probe (${rowList(first, label.missing)}).`)
  }
  if (task === 'numeric') return
  if (classes.length === 1) say(`Every row has the same ${quoted(label.name)}, ${quoted(classes[0]?.name ?? '')}: there is nothing to tell apart.`)
  if (classes.length > mostClasses) say(`${quoted(label.name)} has ${written(classes.length)} different values; a probe takes at most ${mostClasses} classes.`)
  else if (classes.length > 2 && classes.length > usableRows / 2) say(`${quoted(label.name)} has ${written(classes.length)} different values in ${quantity(usableRows, 'row')}: too few rows a class to learn from.`)
  const lone = classes.filter((entry) => entry.rows === 1).length
  if (classes.length > 1 && lone > 0) say(`${quantity(lone, 'class has', 'classes have')} a single row: they cannot be both learned and tested.`)
}

async function checkGroup(connection: DuckDBConnection, table: string, group: TableColumn, usable: string, say: (message: string) => void): Promise<number> {
  const [row] = await queryRows(connection, `SELECT count(DISTINCT ${group.sql}) FILTER (WHERE ${usable}), count(*) FILTER (WHERE ${group.sql} IS NULL AND ${usable}) FROM ${table}`)
  const [groups = 0, without = 0] = (row ?? []).map(Number)
  if (without > 0) say(`${quantity(without, 'row has', 'rows have')} no ${quoted(group.name)}.`)
  if (groups < 2) say(`${quoted(group.name)} has ${groups === 0 ? 'no value' : 'a single value'}: rows cannot be split by it.`)
  return groups
}

async function checkTest(connection: DuckDBConnection, table: string, { test, group }: { readonly test: TableColumn; readonly group: TableColumn | null }, usable: string, usableRows: number, say: (message: string) => void): Promise<void> {
  const isTest = `coalesce(lower(${test.sql}) IN ('1', 'true', 'test', 'yes'), false)`
  const [row] = await queryRows(connection, `SELECT count(*) FILTER (WHERE ${usable} AND ${isTest}) FROM ${table}`)
  const marked = Number(row?.[0] ?? 0)
  if (marked === 0) say(`${quoted(test.name)} marks no row as test (true, 1 or “test”).`)
  else if (marked === usableRows) say(`${quoted(test.name)} marks every row as test: nothing is left to train on.`)
  else if (group !== null) await checkTestGroups(connection, table, { test, group, isTest }, usable, say)
}

/** Groups of which some rows are marked as test and others are not. */
async function checkTestGroups(connection: DuckDBConnection, table: string, { test, group, isTest }: { readonly test: TableColumn; readonly group: TableColumn; readonly isTest: string }, usable: string, say: (message: string) => void): Promise<void> {
  const rows = await queryRows(connection, `SELECT ${group.sql}, bool_or(${isTest}) AND NOT bool_and(${isTest}), bool_or(${isTest})
    FROM ${table} WHERE (${usable}) AND ${group.sql} IS NOT NULL GROUP BY ${group.sql} ORDER BY min(rowid)`)
  const tested = rows.filter(([, , any]) => any === true).length
  const shared = rows.filter(([, both]) => both === true).map(([name]) => quoted(String(name)))
  if (shared.length === 0) return
  say(`${quoted(test.name)} and ${quoted(group.name)} disagree: ${quantity(shared.length, 'group')} of the ${written(tested)} with test rows also ${shared.length === 1 ? 'has' : 'have'} training rows (${shared.slice(0, listedGroups).join(', ')}${shared.length > listedGroups ? ', …' : ''}). Mark whole groups as test, or choose no test column.`)
}

async function checkPairs(connection: DuckDBConnection, table: string, pair: TableColumn, label: TableColumn, usable: string, say: (message: string) => void): Promise<void> {
  const [row] = await queryRows(connection, `SELECT count(*) FILTER (WHERE rows = 2 AND labels = 2), count(*) FROM (
    SELECT count(*) AS rows, count(DISTINCT ${label.sql}) AS labels FROM ${table} WHERE (${usable}) AND ${pair.sql} IS NOT NULL GROUP BY ${pair.sql})`)
  const [pairs = 0, values = 0] = (row ?? []).map(Number)
  if (pairs === 0) say(`No value of ${quoted(pair.name)} stands in exactly two rows with different ${quoted(label.name)}: there are no contrast pairs.`)
  else if (pairs < values) say(`${quantity(values - pairs, 'value')} of ${quoted(pair.name)} ${values - pairs === 1 ? 'is' : 'are'} not a pair of rows with different ${quoted(label.name)}; methods on pairs leave those rows out.`)
}

async function checkPolarity(connection: DuckDBConnection, table: string, polarity: TableColumn, usable: string, say: (message: string) => void): Promise<void> {
  const rows = await queryRows(connection, `SELECT DISTINCT ${polarity.sql} FROM ${table} WHERE (${usable}) AND ${polarity.sql} IS NOT NULL LIMIT 100`)
  const values = rows.map(([value]) => String(value))
  const unknown = values.find((value) => parsePolarity(value) === null)
  if (unknown !== undefined) say(`${quoted(polarity.name)} holds ${quoted(unknown)}, which is neither affirmative (affirmative, 1, true, yes) nor negated (negated, −1, 0, false, no).`)
  else if (new Set(values.map(parsePolarity)).size < 2) say(`${quoted(polarity.name)} marks all rows alike: affirmative and negated statements are both needed.`)
}

function rowList(rows: readonly (readonly unknown[])[], total: number): string {
  return `${total === 1 ? 'row' : 'rows'} ${rows.map(([row]) => String(row)).join(', ')}${total > rows.length ? ', …' : ''}`
}
