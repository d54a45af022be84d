/** How numbers are written everywhere: never more digits than they are worth, thousands apart. */

const thousands = new Intl.NumberFormat('en-US')
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

/** 1496 → `1,496`. */
export function formatCount(count: number): string {
  return thousands.format(Math.round(count))
}

/** A value of a column: −80.2167 → `−80.2`, 1234.5 → `1,235`; `–` for none. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '–'
  const written = Math.abs(value) >= 1000 ? formatCount(value) : String(Number(value.toPrecision(3)))
  return written.replace('-', '−')
}

/** 22713216 → `22.7M`, for parameters and vocabularies on narrow cards. */
export function formatCompact(count: number): string {
  return compact.format(count)
}

/** 1 → `1 row`, 1496 → `1,496 rows`. */
export function formatQuantity(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${Math.round(count) === 1 ? singular : plural}`
}

/** 0.8731 → `87.3 %`. One decimal: the intervals of ordinary data sets are wider than that. */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** 0.873 with 0.851 … 0.893 → `87.3 ± 2.1 %`: half the width of the interval. */
export function formatPercentInterval(share: number, interval: { readonly lo: number; readonly hi: number }): string {
  const half = (interval.hi - interval.lo) / 2
  return `${(share * 100).toFixed(1)} ± ${(half * 100).toFixed(1)} %`
}

/** 72.4 → `1 m 12 s`; under ten seconds one decimal, under a second milliseconds. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} m`
}

/** Time left as a clock that does not change width: 72 → `01:12`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const pad = (part: number): string => String(part).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  return `${hours > 0 ? `${hours}:` : ''}${pad(Math.floor((whole % 3600) / 60))}:${pad(whole % 60)}`
}

/** 23068672 → `23 MB`, in powers of ten as file managers count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? 'B'}`
}
