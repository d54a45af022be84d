import { easeCubicOut } from 'd3-ease'
import {
  BufferAttribute, BufferGeometry, Camera, Color, GLSL3, Points, RawShaderMaterial, Scene, Sphere, Uint8BufferAttribute, Vector2, Vector3, WebGLRenderer
} from 'three'
import type { Rgb } from '../palette'
import { pointDiameter } from './cloud-geometry'
import { pointState } from './point-state'
import { fragmentShader, vertexShader } from './point-shader'

/** How the page is laid over the cloud: `x' = x · k + x₀` in CSS pixels, as d3-zoom writes it. */
export interface CloudTransform { readonly k: number; readonly x: number; readonly y: number }

/** Share of the shorter side that the square from −1 to 1 takes at rest. */
const FILL = 0.86

/**
 * Draws up to hundreds of thousands of points with WebGL 2. Positions live on the graphics card;
 * panning, zooming and moving between layers change uniforms.
 */
export class PointCloud {
  private readonly renderer: WebGLRenderer
  private readonly scene = new Scene()
  private readonly camera = new Camera()
  private readonly materials: readonly [RawShaderMaterial, RawShaderMaterial]
  private readonly layers: readonly [Points, Points]
  private geometry = new BufferGeometry()
  private count = 0
  private start = new Float32Array(0)
  private goal = new Float32Array(0)
  private width = 1
  private height = 1
  private pixelRatio = 1
  private transform: CloudTransform = { k: 1, x: 0, y: 0 }
  private moveStarted = 0
  private moveMs = 0
  private moving = false
  private frame = 0
  private anySelected = false
  private onDraw: (() => void) | null = null
  private onSettled: (() => void) | null = null

  /** @throws Error where the machine has no WebGL 2. */
  constructor(private readonly canvas: HTMLCanvasElement) {
    this.renderer = new WebGLRenderer({ canvas, antialias: false, alpha: false, depth: false, stencil: false, powerPreference: 'high-performance' })
    const uniforms = {
      progress: { value: 1 }, scale: { value: new Vector2(1, 1) }, offset: { value: new Vector2() }, diameter: { value: 4 },
      surface: { value: new Vector3(1, 1, 1) }, opacity: { value: 1 }, rim: { value: 0 }
    }
    const material = (wanted: number): RawShaderMaterial => new RawShaderMaterial({
      vertexShader, fragmentShader, glslVersion: GLSL3, transparent: true, depthTest: false, depthWrite: false,
      uniforms: { ...uniforms, wanted: { value: wanted } }
    })
    this.materials = [material(0), material(1)]
    this.layers = [new Points(this.geometry, this.materials[0]), new Points(this.geometry, this.materials[1])]
    this.layers.forEach((points, order) => {
      points.frustumCulled = false
      points.renderOrder = order
      this.scene.add(points)
    })
    canvas.addEventListener('webglcontextlost', this.onContextLost)
    canvas.addEventListener('webglcontextrestored', this.schedule)
  }

  /** Calls `listener` after every drawn frame, to lay things over the points; null ends it. */
  whenDrawn(listener: (() => void) | null): void { this.onDraw = listener }

  /** Calls `listener` when points have come to rest after a move; null ends it. */
  whenSettled(listener: (() => void) | null): void { this.onSettled = listener }

  get points(): number { return this.count }
  /** Where the points are or are going, [points, 2] in the square from −1 to 1. */
  get positions(): Float32Array { return this.goal }

  /** Starts over with `count` points, all at their next `moveTo`. */
  setCount(count: number): void {
    this.count = count
    this.start = new Float32Array(count * 2).fill(NaN)
    this.goal = new Float32Array(count * 2).fill(NaN)
    this.geometry.dispose()
    this.geometry = new BufferGeometry()
    this.geometry.boundingSphere = new Sphere(new Vector3(), 2)
    this.geometry.setAttribute('start', new BufferAttribute(this.start, 2))
    this.geometry.setAttribute('goal', new BufferAttribute(this.goal, 2))
    this.geometry.setAttribute('position', this.geometry.getAttribute('goal'))
    this.geometry.setAttribute('color', new Uint8BufferAttribute(new Uint8Array(count * 3), 3, true))
    this.geometry.setAttribute('shape', new Uint8BufferAttribute(new Uint8Array(count), 1))
    this.geometry.setAttribute('state', new Uint8BufferAttribute(new Uint8Array(count), 1))
    this.geometry.setIndex(new BufferAttribute(shuffled(count), 1))
    for (const points of this.layers) points.geometry = this.geometry
    const crowd = Math.min(1, Math.max(0, (Math.log10(Math.max(1, count)) - 3) / 2))
    this.set('opacity', 0.95 - 0.3 * crowd)
    this.resize()
  }

  /** Moves every point to `xy`; over 0 ms they are there at once. */
  moveTo(xy: Float32Array, durationMs: number): void {
    const t = this.progress()
    for (let i = 0; i < this.goal.length; i++) {
      const from = this.start[i] as number
      const to = this.goal[i] as number
      this.start[i] = Number.isNaN(from) ? to : from + (to - from) * t
    }
    this.goal.set(xy)
    for (const name of ['start', 'goal']) this.geometry.getAttribute(name).needsUpdate = true
    this.moveStarted = performance.now()
    this.moveMs = durationMs
    this.moving = true
    this.schedule()
  }

  /** [points, 3] */
  setColors(colors: Uint8Array): void { this.fill('color', colors) }
  setShapes(shapes: Uint8Array): void { this.fill('shape', shapes) }
  /** One of `pointState` a point. */
  setStates(states: Uint8Array): void {
    this.anySelected = states.includes(pointState.selected)
    this.layers[1].visible = this.anySelected
    this.fill('state', states)
  }

  setSurface([red, green, blue]: Rgb): void {
    this.set('surface', new Vector3(red / 255, green / 255, blue / 255))
    // Three treats clear colours as linear unless told otherwise; this one is already what the screen shows.
    this.renderer.setClearColor(new Color().setRGB(red / 255, green / 255, blue / 255, 'srgb'), 1)
    this.schedule()
  }

  setSize(width: number, height: number, pixelRatio: number): void {
    if (width === this.width && height === this.height && pixelRatio === this.pixelRatio) return
    this.width = Math.max(1, width)
    this.height = Math.max(1, height)
    this.pixelRatio = pixelRatio
    this.renderer.setPixelRatio(pixelRatio)
    this.renderer.setSize(this.width, this.height, false)
    this.resize()
    // At once: a canvas is blank after its size changed.
    this.draw()
  }

  setTransform(transform: CloudTransform): void {
    this.transform = transform
    this.resize()
  }

  /** From the square to CSS pixels, where the point is drawn now; null where it is not. */
  screenOf(point: number): readonly [x: number, y: number] | null {
    const t = this.progress()
    const at = (axis: number): number => {
      const goal = this.goal[point * 2 + axis] as number
      const start = this.start[point * 2 + axis] as number
      return Number.isNaN(start) ? goal : start + (goal - start) * t
    }
    const [x, y] = [at(0), at(1)]
    if (Number.isNaN(x) || point < 0 || point >= this.count) return null
    const [k, x0, y0] = this.toScreen()
    return [x * k + x0, y0 - y * k]
  }

  /** From CSS pixels to the square. */
  fromScreen(x: number, y: number): readonly [x: number, y: number] {
    const [k, x0, y0] = this.toScreen()
    return [(x - x0) / k, (y0 - y) / k]
  }

  /** CSS pixels per unit of the square. */
  get pixelsPerUnit(): number { return this.toScreen()[0] }
  get diameter(): number { return pointDiameter(this.count, this.transform.k) }

  /** The transform that shows `half` units around a place in the square. */
  transformAround(x: number, y: number, half: number): CloudTransform {
    const base = this.base()
    const k = Math.min(60, Math.max(0.5, Math.min(this.width, this.height) * 0.4 / Math.max(half, 1e-4) / base))
    return { k, x: this.width / 2 - (x * base + this.width / 2) * k, y: this.height / 2 - (this.height / 2 - y * base) * k }
  }

  /** The canvas as it is, drawn anew: a WebGL canvas may be empty between frames. */
  snapshot(): HTMLCanvasElement {
    this.draw()
    return this.canvas
  }

  /** Draws now. For measuring; the page schedules. */
  draw(): void {
    this.set('progress', this.progress())
    this.renderer.render(this.scene, this.camera)
    this.onDraw?.()
  }

  /** Waits until the graphics card is done with everything asked of it. */
  finish(): void {
    const gl = this.renderer.getContext()
    // Reading a pixel waits; finish() alone returns early in Chromium.
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4))
  }

  dispose(): void {
    cancelAnimationFrame(this.frame)
    this.canvas.removeEventListener('webglcontextlost', this.onContextLost)
    this.canvas.removeEventListener('webglcontextrestored', this.schedule)
    this.geometry.dispose()
    for (const material of this.materials) material.dispose()
    this.renderer.dispose()
  }

  readonly schedule = (): void => {
    if (this.frame !== 0) return
    this.frame = requestAnimationFrame(() => {
      this.frame = 0
      this.draw()
      if (!this.moving) return
      if (performance.now() - this.moveStarted < this.moveMs) return this.schedule()
      this.moving = false
      this.onSettled?.()
    })
  }

  private readonly onContextLost = (event: Event): void => event.preventDefault()

  private progress(): number {
    if (this.moveMs <= 0) return 1
    return easeCubicOut(Math.min(1, (performance.now() - this.moveStarted) / this.moveMs))
  }

  private base(): number { return Math.min(this.width, this.height) / 2 * FILL }

  private toScreen(): readonly [k: number, x: number, y: number] {
    const { k, x, y } = this.transform
    return [this.base() * k, this.width / 2 * k + x, this.height / 2 * k + y]
  }

  private resize(): void {
    const [k, x, y] = this.toScreen()
    this.set('scale', new Vector2(2 * k / this.width, 2 * k / this.height))
    this.set('offset', new Vector2(2 * x / this.width - 1, 1 - 2 * y / this.height))
    const diameter = this.diameter
    this.set('diameter', diameter * this.pixelRatio)
    this.set('rim', diameter >= 4 ? 0.7 * this.pixelRatio : 0)
    this.schedule()
  }

  private set(uniform: string, value: unknown): void {
    for (const { uniforms } of this.materials) {
      const slot = uniforms[uniform]
      if (slot) slot.value = value
    }
  }

  private fill(name: string, values: Uint8Array): void {
    const attribute = this.geometry.getAttribute(name)
    if (!(attribute instanceof BufferAttribute) || attribute.array.length !== values.length) return
    attribute.array.set(values)
    attribute.needsUpdate = true
    this.schedule()
  }
}

/** A fixed random order of drawing: no class lies on top of another because it comes later in the file. */
function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  let seed = 0x2545f491
  for (let i = count - 1; i > 0; i--) {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    const j = (seed >>> 0) % (i + 1)
    const kept = order[i] as number
    order[i] = order[j] as number
    order[j] = kept
  }
  return order
}
