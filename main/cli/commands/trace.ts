import { writeSafetensors } from '../../engine/activations/index'
import { openModel } from '../../engine/models/index'
import { batchInput } from '../token-batch'
import { matchSites } from '../sites'
import { table, type Terminal } from '../terminal'

export interface TraceOptions {
  readonly text?: readonly string[]
  readonly ids?: string
  readonly sites?: string
  readonly out: string
}

/** One batch through the model; every asked site whole, as float32, into one safetensors file. */
export async function trace(path: string, options: TraceOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const model = await openModel(path, { signal, onStage(stage) { terminal.stage(stage) } })
  try {
    const { batch, truncatedTokens } = await batchInput(model, options, terminal)
    const names = model.sites.map(({ name }) => name)
    const asked = options.sites === undefined ? names : matchSites(names, options.sites)
    const started = performance.now()
    const tensors = await model.run(batch, asked, { kind: 'whole' })
    const ms = performance.now() - started
    signal.throwIfAborted()
    const written = asked.flatMap(name => {
      const tensor = tensors.get(name)
      return tensor === undefined ? [] : [{ name, dtype: 'F32', shape: tensor.shape, data: tensor.data } as const]
    })
    const shape = [batch.rows, batch.length]
    await writeSafetensors(options.out, [
      ...written,
      { name: 'input_ids', dtype: 'I64', shape, data: BigInt64Array.from(batch.inputIds, BigInt) },
      { name: 'attention_mask', dtype: 'I64', shape, data: BigInt64Array.from(batch.attentionMask, BigInt) }
    ])
    terminal.result({ sites: written.map(({ name, shape: dims }) => ({ name, shape: dims })), ms, truncatedTokens })
    terminal.print(table(['site', 'shape'], written.map(({ name, shape: dims }) => [name, `[${dims.join(', ')}]`]), 'll'))
    terminal.print(`\n${written.length} sites of ${batch.rows} × ${batch.length} tokens in ${Math.round(ms)} ms: ${options.out}`)
  } finally {
    await model.close()
  }
}
