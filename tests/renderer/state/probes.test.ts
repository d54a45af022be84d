import { beforeEach, describe, expect, it } from 'vitest'
import type { RolesCheck, Task } from '../../../preload/contract'
import type { ColumnRoles } from '../../../preload/recipe'
import { chooseMethods, dropImpossibleMethods, offeredMethods } from '../../../renderer/state/probes'
import { emptyWorkbench, workbench } from '../../../renderer/state/workbench'

const roles: ColumnRoles = { text: { kind: 'column', column: 'text' }, label: 'label', moreTargets: [], group: null, test: null, pair: 'pair', polarity: 'polarity', topic: null }
const check = (task: Task, classes: number): RolesCheck =>
  ({ task, usableRows: 100, classes: Array.from({ length: classes }, (_, c) => ({ name: String(c), rows: 10 })), targets: [], groups: null, problems: [], examples: [] })

const chosen = (): readonly string[] => offeredMethods(workbench.get()).filter((own) => own.chosen).map(({ method }) => method.name)
const obstacleOf = (name: string): string | null | undefined => offeredMethods(workbench.get()).find(({ method }) => method.name === name)?.obstacle

beforeEach(() => workbench.set({ ...emptyWorkbench, roles, rolesCheck: check('binary', 2) }))

describe('the methods on offer', () => {
  it('follow what is predicted and which columns are chosen', () => {
    expect(chosen()).toEqual(['logistic', 'ttpd'])
    expect(obstacleOf('ccs')).toBeNull()
    workbench.set({ roles: { ...roles, pair: null, polarity: null } })
    expect(chosen()).toEqual(['logistic'])
    expect(obstacleOf('ccs')).toBe('Needs a contrast pair column')
    workbench.set({ rolesCheck: check('multiclass', 5) })
    expect(obstacleOf('mass-mean')).toBe('Two classes only; the label has 5')
    expect(obstacleOf('lda')).toBeNull()
    workbench.set({ rolesCheck: check('numeric', 0) })
    expect(chosen()).toEqual(['ridge'])
    workbench.set({ rolesCheck: check('none', 0) })
    expect(offeredMethods(workbench.get())).toEqual([])
  })

  it('keep a choice in the order they are offered, and the suggestion as none', () => {
    chooseMethods(['ccs', 'mass-mean'])
    expect(workbench.get().probe.methods).toEqual(['mass-mean', 'ccs'])
    chooseMethods(['ttpd', 'logistic'])
    expect(workbench.get().probe.methods).toEqual([])
  })

  it('lose what the columns no longer allow, and nothing while they are unknown', () => {
    chooseMethods(['mass-mean', 'ccs'])
    workbench.set({ rolesCheck: null })
    dropImpossibleMethods()
    expect(workbench.get().probe.methods).toEqual(['mass-mean', 'ccs'])
    workbench.set({ rolesCheck: check('binary', 2), roles: { ...roles, pair: null } })
    dropImpossibleMethods()
    expect(workbench.get().probe.methods).toEqual(['mass-mean'])
    workbench.set({ rolesCheck: check('multiclass', 3) })
    dropImpossibleMethods()
    expect(workbench.get().probe.methods).toEqual([])
    expect(chosen()).toEqual(['logistic'])
  })
})
