/**
 * Which ticks are written when not all fit: every k-th, the two ends and the selected one,
 * none closer than `room` pixels to another.
 */
export function writtenTicks(labels: readonly string[], step: number, selected: number, characterWidth = 7, padding = 10): readonly boolean[] {
  const last = labels.length - 1
  const width = (index: number): number => (labels[index] as string).length * characterWidth + padding
  const written = labels.map(() => false)
  const fits = (index: number): boolean => written.every((on, other) => !on || Math.abs(other - index) * step >= (width(index) + width(other)) / 2)
  for (const index of [selected, 0, last]) if (index >= 0 && index <= last && fits(index)) written[index] = true
  // Strides people count in, from the closest that fits.
  const widest = Math.max(...labels.slice(1, -1).map((label) => label.length * characterWidth + padding), 0)
  const stride = [1, 2, 4, 5, 8, 10, 20].find((k) => k * step >= widest) ?? 20
  labels.forEach((label, index) => {
    const number = Number.parseInt(label, 10)
    const counted = Number.isNaN(number) ? index : number
    if (counted % stride === 0 && fits(index)) written[index] = true
  })
  return written
}
