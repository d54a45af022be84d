import type { ColumnInfo } from '../../../preload/contract'
import { editDistance } from '../edit-distance'
import { LayerscopeError } from '../errors'
import { quoted } from '../quoted'

/**
 * The column of this name.
 * @throws LayerscopeError `column-unknown`, naming the nearest one
 */
export function findColumn<C extends ColumnInfo>(columns: readonly C[], name: string): C {
  const found = columns.find((column) => column.name === name)
  if (found !== undefined) return found
  throw new LayerscopeError({ code: 'column-unknown', message: `There is no column ${quoted(name)}.`, field: name, hint: nearestColumn(columns, name) })
}

/** A sentence that names the column most like `name`. */
export function nearestColumn(columns: readonly ColumnInfo[], name: string): string {
  const wanted = name.toLowerCase()
  const [nearest] = columns
    .map((column) => ({ name: column.name, distance: editDistance(wanted, column.name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  if (nearest !== undefined && nearest.distance <= Math.max(2, wanted.length / 3)) return `Did you mean ${quoted(nearest.name)}?`
  return `The columns are ${columns.slice(0, 12).map((column) => quoted(column.name)).join(', ')}${columns.length > 12 ? ', …' : ''}.`
}
