import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { openModel } from '../../main/engine/models'
import { productGraph } from '../../main/engine/models/onnx/product-graph'
import { sharedExists, sharedFolder } from '../fixtures/reference'

export const title = 'Running MiniLM with every block output, against ONNX Runtime on the untouched file and the peak of its matrix product'

const ROWS = 128
const LENGTH = 16

export async function bench(print: (line: string) => void): Promise<void> {
  if (!sharedExists) {
    print('skipped: ../shared is not here')
    return
  }
  const inputIds = Int32Array.from({ length: ROWS * LENGTH }, (_, at) => 1000 + (at * 7919) % 20000)
  const attentionMask = new Uint8Array(ROWS * LENGTH).fill(1)
  const model = await openModel(join(sharedFolder, 'models/minilm'))
  print(`open, checks included: ${model.summary.openMs.toFixed(0)} ms`)
  const positions = Array.from({ length: ROWS }, () => Int32Array.of(LENGTH - 1))
  const ours = await best(() => model.run({ rows: ROWS, length: LENGTH, inputIds, attentionMask }, model.summary.defaultSites, { kind: 'positions', positions }))
  await model.close()

  const plain = await InferenceSession.create(join(sharedFolder, 'models/minilm/onnx/model.onnx'))
  const long = (values: ArrayLike<number>): Tensor => new Tensor('int64', BigInt64Array.from(Array.from(values, BigInt)), [ROWS, LENGTH])
  const feeds = { input_ids: long(inputIds), attention_mask: long(attentionMask), token_type_ids: long(new Uint8Array(ROWS * LENGTH)) }
  const untouched = await best(() => plain.run(feeds))
  await plain.release()

  const size = 1024
  const product = await InferenceSession.create(productGraph())
  const matrix = new Tensor('float32', new Float32Array(size * size).fill(0.5), [size, size])
  const peak = 2 * size ** 3 / await best(() => product.run({ left: matrix, right: matrix })) / 1e6
  await product.release()

  const tokens = ROWS * LENGTH
  // Weight products of six blocks (12·d² each) and the two products of attention.
  const work = tokens * 6 * (24 * 384 ** 2 + 4 * LENGTH * 384)
  print(`${String(tokens)} tokens, 7 sites, last token kept: ${ours.toFixed(0)} ms, ${(tokens / ours * 1000).toFixed(0)} tokens/s`)
  print(`untouched file, last hidden state only: ${untouched.toFixed(0)} ms; ours takes ${(ours / untouched).toFixed(2)}× as long for all sites`)
  print(`${(work / ours / 1e6).toFixed(0)} GFLOP/s, ${(work / ours / 1e6 / peak * 100).toFixed(0)} % of the peak of a ${String(size)}³ product (${peak.toFixed(0)} GFLOP/s)`)
}

async function best(run: () => Promise<unknown>): Promise<number> {
  let fastest = Infinity
  for (let round = 0; round < 8; round++) {
    const started = performance.now()
    await run()
    fastest = Math.min(fastest, performance.now() - started)
  }
  return fastest
}
