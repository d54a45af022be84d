import { useVirtualizer } from '@tanstack/react-virtual'
import { Check, ChevronRight } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { EmptyState, formatBytes } from '../components'
import { chosenState, siteShape, withNode, type SiteLine } from './site-tree'

const lineHeight = 26

export interface SiteTreeProps {
  readonly lines: readonly SiteLine[]
  readonly chosen: ReadonlySet<string>
  readonly dtype: 'f32' | 'f16'
  /** A search opens everything it finds: branches then neither open nor close. */
  readonly searching: boolean
  readonly onChoose: (chosen: ReadonlySet<string>) => void
  readonly onExpand: (id: string, open: boolean) => void
}

/** A tree of check boxes. Up and down move, right opens, left closes, space chooses. Only the lines in sight are drawn. */
export function SiteTree({ lines, chosen, dtype, searching, onChoose, onExpand }: SiteTreeProps): React.JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<string | null>(null)
  const at = Math.max(0, lines.findIndex(({ node }) => node.id === active))
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => lineHeight, overscan: 12 })
  useEffect(() => { if (active !== null && lines.length > 0) virtual.scrollToIndex(at, { align: 'auto' }) }, [active, at])

  const toggle = ({ node }: SiteLine): void => {
    if (node.kind === 'branch' ? node.sites.length > 0 : node.obstacle === null) onChoose(withNode(chosen, node, chosenState(node, chosen) !== true))
  }
  const goTo = (index: number): void => setActive(lines[Math.min(lines.length - 1, Math.max(0, index))]?.node.id ?? null)
  const press = (event: React.KeyboardEvent): void => {
    const line = lines[at]
    if (!line || event.ctrlKey || event.metaKey || event.altKey) return
    const { node, expanded, parent } = line
    switch (event.key) {
      case 'ArrowDown': goTo(at + 1); break
      case 'ArrowUp': goTo(at - 1); break
      case 'Home': goTo(0); break
      case 'End': goTo(lines.length - 1); break
      case 'PageDown': goTo(at + 12); break
      case 'PageUp': goTo(at - 12); break
      case 'ArrowRight':
        if (node.kind === 'branch' && !expanded) onExpand(node.id, true)
        else if (node.kind === 'branch') goTo(at + 1)
        break
      case 'ArrowLeft':
        if (node.kind === 'branch' && expanded && !searching) onExpand(node.id, false)
        else if (parent !== null) setActive(parent)
        break
      case ' ':
      case 'Enter': toggle(line); break
      default: return
    }
    event.preventDefault()
  }
  return (
    <div id="site-tree" className="SiteTree" ref={box} role="tree" aria-label="Sites" aria-multiselectable tabIndex={0} onKeyDown={press}
      aria-activedescendant={lines[at] ? lineId(lines[at].node.id) : undefined} onFocus={() => { if (active === null) goTo(0) }}>
      {lines.length === 0 && <EmptyState title="No site is called that" body="Search by block, place or TransformerLens name." />}
      <div className="SiteTree-lines" role="none" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index]
          return line && (
            <TreeLine key={line.node.id} line={line} top={start} chosen={chosen} dtype={dtype} active={index === at && active !== null}
              onToggle={() => { setActive(line.node.id); toggle(line) }}
              onOpen={() => { setActive(line.node.id); if (line.node.kind === 'branch' && !searching) onExpand(line.node.id, !line.expanded) }} />
          )
        })}
      </div>
    </div>
  )
}

interface TreeLineProps {
  readonly line: SiteLine
  readonly top: number
  readonly chosen: ReadonlySet<string>
  readonly dtype: 'f32' | 'f16'
  readonly active: boolean
  readonly onToggle: () => void
  readonly onOpen: () => void
}

function TreeLine({ line: { node, level, expanded }, top, chosen, dtype, active, onToggle, onOpen }: TreeLineProps): React.JSX.Element {
  const state = chosenState(node, chosen)
  const branch = node.kind === 'branch' ? node : null
  const leaf = node.kind === 'site' ? node : null
  const obstacle = leaf?.obstacle ?? null
  const on = branch ? branch.sites.filter(({ name }) => chosen.has(name)).length : 0
  return (
    <div id={lineId(node.id)} className="SiteTree-line" role="treeitem" aria-level={level} aria-checked={state} aria-expanded={branch ? expanded : undefined} aria-disabled={obstacle !== null || undefined}
      data-active={active || undefined} data-level={level} title={obstacle ?? undefined} style={{ transform: `translateY(${top}px)`, paddingLeft: 4 + (level - 1) * 20 }} onClick={branch ? onOpen : onToggle}>
      <span className="SiteTree-chevron" aria-hidden>{branch && <ChevronRight size={14} strokeWidth={1.75} />}</span>
      <span className="Checkbox-box SiteTree-box" data-state={state === 'mixed' ? 'indeterminate' : state ? 'checked' : 'unchecked'} data-off={obstacle !== null || undefined} aria-hidden
        onClick={(event) => { event.stopPropagation(); onToggle() }}>
        {state !== false && <span className="Checkbox-tick">{state === 'mixed' ? <span className="Checkbox-dash" /> : <Check size={12} strokeWidth={3} />}</span>}
      </span>
      <span className="SiteTree-label">{node.label}</span>
      {leaf && <span className="SiteTree-name">{obstacle ?? leaf.id}</span>}
      {leaf && <span className="SiteTree-shape tabular">{siteShape(leaf.site)}</span>}
      <span className="SiteTree-cost tabular">{branch ? `${on} of ${branch.sites.length}` : leaf?.site.width == null ? '' : formatBytes(leaf.site.width * (dtype === 'f32' ? 4 : 2))}</span>
    </div>
  )
}

function lineId(id: string): string {
  return `site-${id.replace(/\s/g, '-')}`
}
