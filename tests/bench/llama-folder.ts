import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Sizes of a Llama to make. */
export interface LlamaSizes { readonly hidden: number; readonly layers: number; readonly heads: number; readonly mlp: number; readonly vocab: number }

/** Writes a Llama of noise as Hugging Face writes one: config.json and a float32 model.safetensors. Returns the file's size in bytes. */
export function writeLlamaFolder(folder: string, { hidden, layers, heads, mlp, vocab }: LlamaSizes): number {
  mkdirSync(folder, { recursive: true })
  const tensors: [name: string, shape: number[]][] = [['model.embed_tokens.weight', [vocab, hidden]]]
  for (let i = 0; i < layers; i++) {
    const at = `model.layers.${String(i)}`
    for (const part of ['q', 'k', 'v', 'o']) tensors.push([`${at}.self_attn.${part}_proj.weight`, [hidden, hidden]])
    tensors.push([`${at}.mlp.gate_proj.weight`, [mlp, hidden]], [`${at}.mlp.up_proj.weight`, [mlp, hidden]], [`${at}.mlp.down_proj.weight`, [hidden, mlp]])
    tensors.push([`${at}.input_layernorm.weight`, [hidden]], [`${at}.post_attention_layernorm.weight`, [hidden]])
  }
  tensors.push(['model.norm.weight', [hidden]])
  const header: Record<string, unknown> = {}
  let end = 0
  for (const [name, shape] of tensors) {
    const begin = end
    end += 4 * shape.reduce((product, dim) => product * dim, 1)
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] }
  }
  const text = Buffer.from(JSON.stringify(header))
  const padded = Buffer.concat([text, Buffer.alloc((8 - text.length % 8) % 8, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))

  const file = openSync(join(folder, 'model.safetensors'), 'w')
  try {
    writeSync(file, length)
    writeSync(file, padded)
    // Noise of ±0.03 from a linear congruence; its period is longer than the buffer that is repeated.
    const noise = new Float32Array(1 << 20)
    let state = 1
    for (let at = 0; at < noise.length; at++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      noise[at] = (state / 2 ** 32 - 0.5) * 0.06
    }
    const bytes = new Uint8Array(noise.buffer)
    for (let written = 0; written < end; written += bytes.length) writeSync(file, bytes, 0, Math.min(bytes.length, end - written))
  } finally {
    closeSync(file)
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({
    model_type: 'llama', hidden_size: hidden, num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: heads, intermediate_size: mlp,
    vocab_size: vocab, max_position_embeddings: 2048, rms_norm_eps: 1e-5, hidden_act: 'silu', rope_theta: 10000, tie_word_embeddings: true
  }))
  return 8 + padded.length + end
}
