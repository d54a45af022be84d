import { describe, expect, it } from 'vitest'
import { countPlaywright, countVitest, selectedStages, sum, summaryLine } from '../../scripts/test-counts.mjs'

describe('summaryLine', () => {
  it('has the form that scripts read', () => {
    expect(summaryLine({ passed: 412, failed: 0, skipped: 0 })).toBe('412 passed, 0 failed')
    expect(summaryLine({ passed: 412, failed: 2, skipped: 3 })).toBe('412 passed, 2 failed, 3 skipped')
  })
  it('adds up', () => {
    expect(sum({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({ passed: 11, failed: 22, skipped: 33 })
  })
})

describe('counting', () => {
  it('counts a Vitest file that does not load as a failure', () => {
    const report = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 0, testResults: [
      { status: 'failed', assertionResults: [] }, { status: 'failed', assertionResults: [{}] }, { status: 'passed', assertionResults: [{}] }
    ] }
    expect(countVitest(report)).toEqual({ passed: 5, failed: 2, skipped: 2 })
  })
  it('counts a flaky test as failed', () => {
    expect(countPlaywright({ stats: { expected: 7, unexpected: 1, flaky: 1, skipped: 4 } })).toEqual({ passed: 7, failed: 2, skipped: 4 })
  })
  it('counts an error outside the tests as failed', () => {
    expect(countPlaywright({ stats: { expected: 0, unexpected: 0, flaky: 0, skipped: 0 }, errors: [{}] })).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })
})

describe('selectedStages', () => {
  it('takes all without arguments', () => expect(selectedStages([])).toEqual(['lint', 'unit', 'e2e']))
  it('takes one', () => expect(selectedStages(['--only', 'e2e'])).toEqual(['e2e']))
  it('takes several in their own order', () => expect(selectedStages(['--only=e2e', '--only', 'lint'])).toEqual(['lint', 'e2e']))
  it.each([[['--only', 'all']], [['--only']], [['unit']]])('refuses %j', (args) => expect(selectedStages(args)).toBeNull())
})
