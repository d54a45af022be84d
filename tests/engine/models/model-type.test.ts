/** The family of a model whose config.json names its class alone, as files from before 2020 do. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openModel } from '../../../main/engine/models'
import { modelTypeOfClass } from '../../../main/engine/models/model-type'
import { sharedExists, sharedFolder } from '../../fixtures/reference'

if (!sharedExists) console.log('skipped: the reference models of ../shared are not here')
const zoo = join(sharedFolder, 'models/zoo')
let root = ''
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'layerscope-type-')) })
afterEach(() => { rmSync(root, { recursive: true }) })

it.each([
  ['LlamaForCausalLM', 'llama'], ['GPT2LMHeadModel', 'gpt2'], ['GPT2DoubleHeadsModel', 'gpt2'], ['GPTNeoXForCausalLM', 'gpt_neox'], ['OPTModel', 'opt'], ['Phi3ForCausalLM', 'phi3'],
  ['BertForMaskedLM', 'bert'], ['TFDistilBertModel', 'distilbert'], ['XLMRobertaForSequenceClassification', 'xlm-roberta'], ['MPNetModel', 'mpnet'],
  ['Gemma3ForCausalLM', 'gemma3'], ['Gemma3TextModel', 'gemma3_text'], ['DebertaV2Model', 'deberta-v2'], ['BloomForCausalLM', 'bloom'],
  ['', null], ['llama', null], ['Pipeline', null]
])('%s is of %s', (name, family) => { expect(modelTypeOfClass(name)).toBe(family) })

describe.skipIf(!sharedExists)('a configuration that names its class alone', () => {
  /** A copy of a zoo model's folder without `model_type`, its class `name`. */
  function copyOf(family: string, name: string, files: readonly string[]): void {
    for (const file of files) cpSync(join(zoo, family, file), join(root, file))
    const { model_type: _type, ...config } = JSON.parse(readFileSync(join(zoo, family, 'config.json'), 'utf8')) as Record<string, unknown>
    writeFileSync(join(root, 'config.json'), JSON.stringify({ ...config, architectures: [name] }))
  }

  it.each([
    ['llama', 'LlamaForCausalLM', 'model.safetensors'], ['neox', 'GPTNeoXForCausalLM', 'model.safetensors'], ['gemma3', 'Gemma3ForCausalLM', 'model.safetensors'], ['roberta', 'RobertaModel', 'model.safetensors'],
    ['gpt2', 'GPT2LMHeadModel', 'onnx/model.onnx'], ['roberta', 'RobertaModel', 'onnx/model.onnx']
  ])('opens %s of %s by %s as the whole configuration does', async (family, name, weights) => {
    copyOf(family, name, [weights, 'tokenizer.json'])
    const [model, whole] = [await openModel(join(root, weights)), await openModel(join(zoo, family, weights))]
    await model.close()
    await whole.close()
    const said = ({ summary: { family: kind, layers, maxPositions, sites, promptObstacle } }: typeof model): object => ({ family: kind.replace('_text', ''), layers, maxPositions, sites, promptObstacle })
    expect(said(model)).toEqual(said(whole))
  })

  it('of an unknown family is refused by its name', async () => {
    copyOf('llama', 'BloomForCausalLM', ['model.safetensors'])
    await expect(openModel(root)).rejects.toMatchObject({ report: { code: 'model-family-unknown', message: expect.stringContaining('family “bloom”') as string, file: join(root, 'config.json') } })
  })
})
