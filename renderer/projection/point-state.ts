/** What a point is shown as. */
export const pointState = { plain: 0, selected: 1, dimmed: 2, hidden: 3 } as const
