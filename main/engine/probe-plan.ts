import type { ColumnInfo } from '../../preload/contract'
import type { ColumnRoles, ProbePlan } from '../../preload/recipe'
import { suggestedMethods } from '../../preload/probe-methods'
import { predictedTask } from './datasets/index'

/** Whether anything is predicted: a tree is one without a label. */
export function predicts({ task }: Pick<ProbePlan, 'task'>, { label }: Pick<ColumnRoles, 'label'>): boolean {
  return label !== null || task === 'tree'
}

/** The plan as it will be carried out: task and methods named, so that summaries say what was done and not what was left open. */
export function resolvedPlan(plan: ProbePlan, roles: Pick<ColumnRoles, 'label' | 'moreTargets' | 'polarity'>, columns: readonly ColumnInfo[]): ProbePlan {
  if (!predicts(plan, roles)) return plan
  const task = predictedTask(columns, roles, plan.task)
  const classes = columns.find(({ name }) => name === roles.label)?.distinct ?? 0
  return { ...plan, task, methods: plan.methods.length > 0 ? plan.methods : [...suggestedMethods(task, { classes, polarity: roles.polarity !== null })] }
}
