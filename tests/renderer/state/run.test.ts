import { describe, expect, it } from 'vitest'
import type { DatasetSummary, ModelSummary, RolesCheck } from '../../../preload/contract'
import { runObstacle } from '../../../renderer/state/run'
import { emptyWorkbench } from '../../../renderer/state/workbench'
import type { WorkbenchState } from '../../../renderer/state/workbench-state'

const ready: WorkbenchState = {
  ...emptyWorkbench, engine: 'ready',
  // What stands in the way is told without looking inside.
  model: { kind: 'ready', value: {} as ModelSummary, next: null }, dataset: { kind: 'ready', value: {} as DatasetSummary, next: null },
  roles: { text: { kind: 'column', column: 'text' }, label: 'name', moreTargets: [], group: null, test: null, pair: null, polarity: null, topic: null }
}
const check = (classes: number, usableRows: number): RolesCheck =>
  ({ task: 'multiclass', usableRows, classes: Array.from({ length: classes }, (_, c) => ({ name: String(c), rows: 1 })), targets: [], groups: null, problems: [], examples: [] })

describe('what stands in the way of a run', () => {
  it('is a label that the probes would refuse once all is read', () => {
    expect(runObstacle({ ...ready, rolesCheck: check(1921, 2001) })).toBe('“name” has 1,921 different values in 2,001 rows: choose another label')
    expect(runObstacle({ ...ready, rolesCheck: check(1, 20) })).toBe('Every row has the same “name”: choose another label')
    // Two rows a class are enough to try, and two classes always are.
    expect(runObstacle({ ...ready, rolesCheck: check(10, 20) })).toBeNull()
    expect(runObstacle({ ...ready, rolesCheck: check(2, 3) })).toBeNull()
  })

  it('is what is not open yet', () => {
    expect(runObstacle({ ...ready, model: { kind: 'empty' } })).toBe('Open a model first')
    expect(runObstacle({ ...ready, rolesCheck: null })).toBeNull()
  })
})
