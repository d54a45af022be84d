/** How tokens and their probabilities are written. */

/** Bytes in hexadecimal, as `20 50 61`; long tokens are cut. */
export function hexBytes(bytes: readonly number[]): string {
  const shown = bytes.slice(0, 24).map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ')
  return bytes.length > 24 ? `${shown} …` : shown
}

/** The text that bytes spell; null where they are only a part of a character. */
export function textOfBytes(bytes: readonly number[]): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))
  } catch {
    return null
  }
}

/** A probability that is never written as certain or impossible. */
export function formatProbability(probability: number): string {
  if (probability < 0.001) return '< 0.1 %'
  if (probability > 0.999) return '> 99.9 %'
  return `${(probability * 100).toFixed(1)} %`
}
