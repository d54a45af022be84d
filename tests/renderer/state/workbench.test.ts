import { describe, expect, it } from 'vitest'
import { openingOf, withoutOpening, withOpening } from '../../../renderer/state/workbench'
import type { Loading, Opening } from '../../../renderer/state/workbench-state'

const opening = (path: string): Opening => ({ path, stage: 'Opening', loaded: null, checks: [] })
const failed: Loading<string> = { kind: 'failed', path: '/torn.onnx', error: { code: 'model-torn', message: 'It is torn.' } }

describe('a part that something is on its way to', () => {
  it('is as it was once that is cancelled: empty, failed, or open', () => {
    for (const before of [{ kind: 'empty' }, failed, { kind: 'ready', value: 'atlas', next: null }] as const satisfies readonly Loading<string>[]) {
      const loading = withOpening<string>(before, opening('/a'))
      expect(openingOf(loading)?.path).toBe('/a')
      expect(withoutOpening(loading)).toEqual(before)
    }
  })

  it('comes back from a second opening to what it was before the first', () => {
    const second = withOpening(withOpening(failed, opening('/a')), opening('/b'))
    expect(openingOf(second)?.path).toBe('/b')
    expect(withoutOpening(second)).toBe(failed)
  })
})
