/** Panel sizes in percent by group and panel, and small things the window remembers across sessions. */
export interface Layout {
  readonly groups: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly leftOpen: boolean
  readonly rightOpen: boolean
  /** The tour was taken or refused. */
  readonly tourSeen: boolean
}

/** Every panel open, at its default size. */
export const initialLayout: Layout = { groups: {}, leftOpen: true, rightOpen: true, tourSeen: false }

/** Reads a saved layout; anything of another shape takes its default. */
export function parseLayout(saved: Readonly<Record<string, unknown>>): Layout {
  return {
    groups: isRecord(saved['groups']) ? Object.fromEntries(Object.entries(saved['groups']).flatMap(([group, sizes]) => (isSizes(sizes) ? [[group, sizes]] : []))) : {},
    leftOpen: saved['leftOpen'] !== false,
    rightOpen: saved['rightOpen'] !== false,
    tourSeen: saved['tourSeen'] === true
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSizes(value: unknown): value is Readonly<Record<string, number>> {
  return isRecord(value) && Object.values(value).every((size) => typeof size === 'number' && size >= 0 && size <= 100)
}
