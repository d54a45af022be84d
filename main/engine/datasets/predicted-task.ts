import type { ColumnInfo } from '../../../preload/contract'
import type { ColumnRoles, ProbeTask } from '../../../preload/recipe'
import { isQuantity } from './profile-columns'

/** What a probe of these columns predicts: as asked, else numbers where the label is a quantity or several columns are predicted together. */
export function predictedTask(columns: readonly ColumnInfo[], roles: Pick<ColumnRoles, 'label' | 'moreTargets'>, task: ProbeTask): Exclude<ProbeTask, 'auto'> {
  if (task !== 'auto') return task
  const label = columns.find(({ name }) => name === roles.label)
  return roles.moreTargets.length > 0 || (label !== undefined && isQuantity(label)) ? 'numeric' : 'classes'
}
