/**
 * Tries one execution provider with a matrix product and tells its parent whether the numbers came out right.
 * Runs as a process of its own, because a missing driver can end the process.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { productGraph } from './onnx/product-graph'
import type { ProbeReply } from './providers'

const provider = process.argv[2] ?? 'cpu'

async function probe(): Promise<ProbeReply> {
  try {
    const session = await InferenceSession.create(productGraph(), { executionProviders: [provider], logSeverityLevel: 4 })
    const size = 4
    const left = Float32Array.from({ length: size * size }, (_, at) => at / 4)
    const right = Float32Array.from({ length: size * size }, (_, at) => 1 - at / 8)
    const { product } = await session.run({ left: new Tensor('float32', left, [size, size]), right: new Tensor('float32', right, [size, size]) })
    const data = product?.data
    if (!(data instanceof Float32Array)) return { ok: false, reason: 'It gave no result.' }
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let expected = 0
        for (let inner = 0; inner < size; inner++) expected += (left[row * size + inner] ?? 0) * (right[inner * size + column] ?? 0)
        if (!(Math.abs(expected - (data[row * size + column] ?? NaN)) < 1e-2)) return { ok: false, reason: 'It computes a small matrix product wrongly.' }
      }
    }
    return { ok: true }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0]?.trim() ?? ''
  // Conditions and paths of ONNX Runtime's own source say nothing to a person.
  const plain = text.replace(/^.*was false\. /, '').replace(/\/?[\w./-]+\.(cc|h):\d+ \S+ ?/g, '').replace(/^Error: /, '').slice(0, 300)
  if (/Failed to load shared library/i.test(text)) return `ONNX Runtime's ${provider} library, or a driver it needs, is not installed.`
  if (/cannot open shared object|libonnxruntime_providers/i.test(text)) {
    const library = /lib[\w.-]+\.so[\w.]*/.exec(text)?.[0]
    return `A library it needs is not installed${library === undefined ? '' : ` (${library})`}.`
  }
  return /[.!?]$/.test(plain) ? plain : `${plain}.`
}

void probe().then(reply => {
  // The process ends without ONNX Runtime's teardown, which some drivers do not survive.
  process.send?.(reply, () => { process.exit(0) })
})
