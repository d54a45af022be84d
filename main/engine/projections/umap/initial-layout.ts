import { normalPair, seededRandom } from '../random'

/** Side of the square that UMAP's initial positions fill. */
const EXTENT = 10
/** Breaks ties between coincident points, as umap-learn's `noisy_scale_coords`. */
const JITTER = 1e-4

/**
 * Initial positions from principal component scores ([rows, 2]) as umap-learn's `init="pca"`: each axis over
 * [0, 10], with seeded noise of 1e-4 so that equal rows can part.
 */
export function fromComponents(scores: Float32Array, seed: number): Float32Array {
  const [x, y] = ranges(scores)
  return placed(scores, [x, y], [EXTENT / (x.size || 1), EXTENT / (y.size || 1)], seed)
}

/** Initial positions from another layer's final layout: the same shape, its longer side over [0, 10]. */
export function fromLayout(xy: Float32Array, seed: number): Float32Array {
  const [x, y] = ranges(xy)
  const scale = EXTENT / (Math.max(x.size, y.size) || 1)
  return placed(xy, [x, y], [scale, scale], seed)
}

interface Range { readonly low: number; readonly size: number }

function ranges(xy: Float32Array): readonly [Range, Range] {
  const range = (axis: 0 | 1): Range => {
    let low = Infinity
    let high = -Infinity
    for (let i = axis; i < xy.length; i += 2) {
      const value = xy[i] as number
      if (value < low) low = value
      if (value > high) high = value
    }
    return { low, size: high - low }
  }
  return [range(0), range(1)]
}

function placed(xy: Float32Array, [x, y]: readonly [Range, Range], scale: readonly [number, number], seed: number): Float32Array {
  const random = seededRandom(seed)
  const result = new Float32Array(xy.length)
  for (let i = 0; i < xy.length; i += 2) {
    const [dx, dy] = normalPair(random)
    result[i] = ((xy[i] as number) - x.low) * scale[0] + JITTER * dx
    result[i + 1] = ((xy[i + 1] as number) - y.low) * scale[1] + JITTER * dy
  }
  return result
}
