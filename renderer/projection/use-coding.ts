import { useMemo } from 'react'
import { columnCoding, numericCoding, plainCoding, probeCoding, useDataTheme, type PointCoding } from '../palette'
import { useColumn, useProbeValues } from '../state/engine-data'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'

/** How the points of `rows` are painted for the chosen colouring; plain while values are on their way. */
export function useCoding(rows: Int32Array | null): PointCoding | null {
  const theme = useDataTheme()
  const colorBy = useView((view) => view.colorBy)
  const label = useWorkbench(({ run, roles }) => run?.summary.dataset.roles.label ?? roles?.label ?? null)
  const sweepClasses = useWorkbench(({ run }) => run?.sweep?.classes ?? null)
  const rolesCheck = useWorkbench((state) => state.rolesCheck)
  const classes = useMemo(() => sweepClasses ?? rolesCheck?.classes.map(({ name }) => name) ?? null, [sweepClasses, rolesCheck])
  const columnName = colorBy.kind === 'column' ? colorBy.column : colorBy.kind === 'label' ? label : null
  const column = useColumn(columnName).value
  const values = useProbeValues().value
  return useMemo(() => {
    if (!rows) return null
    if (colorBy.kind === 'none') return plainCoding(rows.length, theme)
    if (columnName !== null && column) return columnCoding(columnName, column, rows, theme, colorBy.kind === 'label' ? classes ?? [] : [])
    if (colorBy.kind !== 'column' && values?.kind === 'numeric') return numericCoding(colorBy.kind, values, rows, theme)
    if (colorBy.kind !== 'column' && values?.kind === 'classes' && classes) return probeCoding(colorBy.kind, values, classes, rows, theme)
    return plainCoding(rows.length, { ...theme, trueColor: theme.missing })
  }, [rows, colorBy, columnName, column, values, classes, theme])
}
