import { besideValues, valueAt, type HeatMapData, type HeatMapPlace } from './heat-map'

export interface HeatMapTableProps {
  readonly data: HeatMapData
  readonly selected?: HeatMapPlace
  readonly onSelect?: (row: number, column: number) => void
}

/** The heat map's twin: the same numbers as a table. */
export function HeatMapTable({ data, selected = { row: null, column: null }, onSelect }: HeatMapTableProps): React.JSX.Element {
  const rows = data.rows.names ?? data.rows.labels
  const columns = data.columns.names ?? data.columns.labels
  return (
    <div className="HeatMapTable" tabIndex={0} role="region" aria-label={data.title}>
      <table>
        <thead><tr><th scope="col">{data.rows.title}</th>{columns.map((name, column) => <th key={column} scope="col" data-selected={column === selected.column || undefined}>{name}</th>)}{data.beside?.labels.map((label, column) => <th key={label} scope="col" title={data.beside?.names[column]}>{label}</th>)}</tr></thead>
        <tbody>
          {rows.map((name, row) => (
            <tr key={row}>
              <th scope="row" data-selected={row === selected.row || undefined}>{name}</th>
              {columns.map((_, column) => {
                const value = valueAt(data, row, column)
                const text = value === null ? '–' : data.write(value)
                const here = (row === selected.row && selected.column === null) || (column === selected.column && selected.row === null) || (row === selected.row && column === selected.column)
                return <td key={column} data-selected={here || undefined}>{onSelect ? <button type="button" onClick={() => onSelect(row, column)}>{text}</button> : text}</td>
              })}
              {besideValues(data, row).map((value, column) => <td key={`beside ${column}`} data-kind="control">{value === null ? '–' : data.write(value)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
