import { FitView } from '../fit'
import { CompareView } from '../compare'
import { OverviewView } from '../overview'
import { PositionsView } from '../positions'
import { ProjectionView } from '../projection'
import { methodsOf } from '../state/methods'
import { positionsFit } from '../state/positions'
import type { CentreViewId, ShownRun } from '../state/workbench-state'
import { TreesView } from '../trees'

export interface CentreViewProps {
  /** What is drawn has come to rest: screenshots and tests wait for it. */
  readonly onSettled: () => void
}

/** One way to look at the run on show, over the layer strip. */
export interface CentreView {
  readonly id: CentreViewId
  /** One word, on its tab. */
  readonly label: string
  /** Whether it says anything about this run (null: before the first one). */
  readonly fits: (run: ShownRun | null) => boolean
  readonly View: (props: CentreViewProps) => React.JSX.Element
}

/** In the order of their tabs. The first fits always. */
export const centreViews: readonly [CentreView, ...CentreView[]] = [
  { id: 'cloud', label: 'Cloud', fits: () => true, View: ProjectionView },
  // Where a run can have several methods only: elsewhere one is the layer strip's own line.
  { id: 'overview', label: 'Overview', fits: (run) => run !== null && (methodsOf(run).length > 1 || run.sweep?.task === 'binary' || run.sweep?.task === 'multiclass'), View: OverviewView },
  { id: 'positions', label: 'Positions', fits: (run) => run?.sweep != null && positionsFit(run), View: PositionsView },
  { id: 'trees', label: 'Trees', fits: (run) => run?.summary.probePlan.task === 'tree', View: TreesView },
  { id: 'map', label: 'Map', fits: (run) => run?.sweep?.coordinates != null, View: FitView },
  { id: 'fit', label: 'Fit', fits: (run) => run?.sweep?.task === 'numeric' && run.sweep.coordinates === null, View: FitView },
  { id: 'compare', label: 'Compare', fits: (run) => run !== null, View: CompareView }
]
