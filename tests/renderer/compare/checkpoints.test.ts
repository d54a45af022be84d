import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../../preload/contract'
import { checkpointGrid, stepOf } from '../../../renderer/compare/checkpoints'

describe('the step of a checkpoint', () => {
  it.each([['step00560', 560], ['checkpoint-500', 500], ['pythia-step3000', 3000], ['step00000', 0], ['atlas-lm', null], ['SmolLM2-135M', null]])('%s is %s', (name, step) => {
    expect(stepOf(name)).toBe(step)
  })
})

/** A finished run with one measured value a site. */
function run(runId: string, model: string, values: Readonly<Record<string, number>>, dataset = 'data'): RunSummary {
  const sites = Object.entries(values).map(([site, value]) => ({ site, method: 'logistic', measures: [{ name: 'accuracy', value, interval: null, baselines: [] }] }))
  return {
    runId, status: 'complete', model: { name: model, hash: model }, dataset: { hash: dataset, roles: { label: 'label' } }, extractionPlan: { positions: { kind: 'last' } },
    sweep: { sites, chosen: { method: 'logistic', measure: 'accuracy' } }
  } as unknown as RunSummary
}

describe('the grid of checkpoints', () => {
  it('orders models by step, keeps the latest run of each, and leaves other data out', () => {
    const last = run('run-5', 'atlas-lm', { a: 0.9, b: 0.95 })
    const grid = checkpointGrid(last, [run('run-1', 'step01515', { a: 0.7, b: 0.8 }), run('run-2', 'step00056', { a: 0.4 }), run('run-3', 'step00056', { a: 0.5 }), run('run-4', 'step00560', { a: 0 }, 'other'), last])
    expect(grid?.runs.map(({ runId }) => runId)).toEqual(['run-3', 'run-1', 'run-5'])
    expect(grid?.sites).toEqual(['a', 'b'])
    expect(grid?.values).toEqual([0.5, null, 0.7, 0.8, 0.9, 0.95])
  })
})
