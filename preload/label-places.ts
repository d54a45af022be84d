/**
 * Moves labels apart along one axis: each ends at least `gap` from its neighbours, inside [top, bottom],
 * with the least sum of squared moves (pool adjacent violators). Keeps the order of the wishes.
 *
 * @param wishes Where each label would like its middle.
 * @returns Middles in the order of `wishes`. Too many labels for the room are spread evenly.
 */
export function placeLabels(wishes: readonly number[], gap: number, top: number, bottom: number): readonly number[] {
  const count = wishes.length
  if (count === 0) return []
  const order = wishes.map((_, index) => index).sort((a, b) => (wishes[a] as number) - (wishes[b] as number) || a - b)
  const spacing = count > 1 ? Math.min(gap, (bottom - top) / (count - 1)) : 0
  // With the i-th label shifted by −i·spacing the labels only have to be in order: isotonic regression.
  const blocks: { sum: number; size: number }[] = []
  order.forEach((label, place) => {
    blocks.push({ sum: (wishes[label] as number) - place * spacing, size: 1 })
    while (blocks.length > 1) {
      const above = blocks[blocks.length - 2] as { sum: number; size: number }
      const last = blocks[blocks.length - 1] as { sum: number; size: number }
      if (above.sum / above.size <= last.sum / last.size) break
      above.sum += last.sum
      above.size += last.size
      blocks.pop()
    }
  })
  const out = new Array<number>(count)
  let place = 0
  const high = bottom - (count - 1) * spacing
  for (const { sum, size } of blocks) {
    const middle = Math.min(Math.max(sum / size, top), Math.max(top, high))
    for (let i = 0; i < size; i++, place++) out[order[place] as number] = middle + place * spacing
  }
  return out
}
