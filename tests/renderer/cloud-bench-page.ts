import { PointCloud } from '../../renderer/projection/point-cloud'

/** What one way of drawing took, in ms a frame. */
export interface Drawn { readonly median: number; readonly worst: number }

declare global {
  interface Window { benchCloud(points: number, frames: number): { readonly pan: Drawn; readonly move: Drawn; readonly upload: Drawn; readonly plain: Drawn } }
}

function measure(frames: number, frame: (index: number) => void): Drawn {
  const times = Array.from({ length: frames }, (_, index) => {
    const began = performance.now()
    frame(index)
    return performance.now() - began
  }).sort((a, b) => a - b)
  return { median: times[Math.floor(frames / 2)] ?? NaN, worst: times.at(-1) ?? NaN }
}

/** Frames drawn to the end (the graphics card has finished), beside a plain 2D canvas that draws the same points. */
window.benchCloud = (points, frames) => {
  const canvas = document.createElement('canvas')
  document.body.append(canvas)
  const cloud = new PointCloud(canvas)
  cloud.setSize(900, 600, 1)
  cloud.setCount(points)
  const xy = Float32Array.from({ length: points * 2 }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i * 0.37))
  cloud.setColors(Uint8Array.from({ length: points * 3 }, (_, i) => (i * 37) % 256))
  cloud.moveTo(xy, 0)
  cloud.draw()
  cloud.finish()
  const view = (index: number): { k: number; x: number; y: number } => ({ k: 1 + 0.02 * index, x: -3 * index, y: -2 * index })
  const pan = measure(frames, (index) => { cloud.setTransform(view(index)); cloud.draw(); cloud.finish() })
  const move = measure(frames, () => { cloud.draw(); cloud.finish() })
  const upload = measure(10, () => { cloud.moveTo(xy, 250); cloud.draw(); cloud.finish() })
  cloud.dispose()

  const flat = document.createElement('canvas')
  flat.width = 900
  flat.height = 600
  const context = flat.getContext('2d')
  if (!context) throw new Error('No 2D canvas')
  const plain = measure(Math.min(frames, 10), (index) => {
    const { k, x, y } = view(index)
    context.clearRect(0, 0, 900, 600)
    for (let i = 0; i < points; i++) {
      context.fillStyle = `rgb(${(i * 37) % 256},${(i * 91) % 256},120)`
      context.beginPath()
      context.arc(((xy[i * 2] ?? 0) * 258 + 450) * k + x, (300 - (xy[i * 2 + 1] ?? 0) * 258) * k + y, 2, 0, Math.PI * 2)
      context.fill()
    }
    context.getImageData(0, 0, 1, 1)
  })
  return { pan, move, upload, plain }
}
