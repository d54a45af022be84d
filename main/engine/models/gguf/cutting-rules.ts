import { LayerscopeError } from '../../errors'
import { quoted } from '../../quoted'
import type { TokenizerFile } from '../tokenizer'

export type Component = NonNullable<TokenizerFile['pre_tokenizer']>

/** How a byte-level BPE tokenizer cuts a text before it merges. */
export interface CuttingRules {
  readonly split: Component
  readonly normalizer?: Component
  readonly ignoreMerges?: boolean
  /** What llama.cpp adds around a text where the file does not say: most files of these tokenizers do not. */
  readonly adds?: 'beginning' | 'both'
}

export const byteLevel = (useRegex: boolean): Component => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: useRegex })
export const sequence = (...pretokenizers: Component[]): Component => ({ type: 'Sequence', pretokenizers })
const split = (pattern: string): Component => ({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false })
/** Each pattern cuts what the ones before it left. */
const inTurn = (...patterns: readonly string[]): Component => sequence(...patterns.map(split), byteLevel(false))
const digits = (together: 'each' | 'together'): Component => ({ type: 'Digits', individual_digits: together === 'each' })

const SUFFIX = `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
const WORD = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+'
const MARKS = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*'
const SPACE = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'
const letters = (number: string): string => `${SUFFIX}|${WORD}|${number}|${MARKS}|${SPACE}`

/** Words that a change from small to capital letters cuts, as in Mistral's and OpenAI's newer tokenizers. */
const cased = (suffix: string, number: string): string => {
  const [capital, small] = ['[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]', '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]']
  const word = (capitals: string, smalls: string): string => `[^\\r\\n\\p{L}\\p{N}]?${capital}${capitals}${small}${smalls}${suffix}`
  return `${word('*', '+')}|${word('+', '*')}|${number}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACE}`
}

const GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)`
/** BLOOM's: everything up to a space or one of these marks. */
const BLOOM = ' ?[^(\\s|.,!?…。，、।۔،)]+'
/** DeepSeek 3's, after its numbers and its Han and kana. `lines` says what becomes of the ends of lines. */
const deepSeek = (lines: string): readonly string[] => [
  '\\p{N}{1,3}', '[一-龥\u3040-\u309f\u30a0-\u30ff]+',
  `[!"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_\`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+${lines}|\\s+(?!\\S)|\\s+`
]
/** Han and Hangul, as DeepSeek's first two tokenizers take them. */
const DEEPSEEK_EAST = '[一-龥ࠀ-一가-\ud7ff]+'
/** Letters with a case: those that DeepSeek LLM's tokenizer lists. By number, since several look like others. */
const DEEPSEEK_LETTERS = 'A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556' +
  '\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc' +
  '\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a' +
  '\u{10400}-\u{1044f}\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}\u{1e900}-\u{1e943}'

const NFC: Component = { type: 'NFC' }
const gpt2: CuttingRules = { split: byteLevel(true) }
const digitsApart: CuttingRules = { split: sequence(digits('each'), byteLevel(true)) }
const qwen: CuttingRules = { split: inTurn(letters('\\p{N}')) }
const threeDigits: CuttingRules = { split: inTurn(letters('\\p{N}{1,3}')) }
const llama3: CuttingRules = { ...threeDigits, ignoreMerges: true, adds: 'beginning' }
const gpt4o: CuttingRules = { split: inTurn(cased(`${SUFFIX}?`, '\\p{N}{1,3}')) }
const roberta: CuttingRules = { ...gpt2, adds: 'both' }
const bloom: CuttingRules = { split: inTurn(BLOOM) }
const deepSeek3: CuttingRules = { split: inTurn(...deepSeek('[\\r\\n]*|\\s*[\\r\\n]+')) }
const bailing: CuttingRules = { split: inTurn(`'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+`) }

/** Rules that llama.cpp knows and this file has: its `llama-vocab.cpp`, spelled as the source tokenizers do. What sources normalise besides, files do not say and the name implies. */
const RULES: readonly (readonly [CuttingRules, ...string[]])[] = [
  [gpt2, 'gpt-2', 'mpt', 'phi-2', 'jina-es', 'jina-de', 'jina-v2-es', 'jina-v2-de', 'gigachat', 'a.x-4.0', 'mellum', 'modern-bert', 'exaone4', 'jais', 'trillion', 'granite-docling'],
  [{ ...gpt2, normalizer: NFC }, 'olmo'],
  [digitsApart, 'smollm', 'starcoder', 'refact', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'],
  [{ ...digitsApart, normalizer: NFC }, 'command-r'],
  [{ ...qwen, normalizer: NFC }, 'qwen2', 'deepseek-r1-qwen'],
  [qwen, 'stablelm2', 'megrez', 'kormo', 'f2llmv2', 'hunyuan', 'solar-open', 'grok-2'],
  [llama3, 'llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2', 'jina-v5-nano'],
  [threeDigits, 'dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'],
  [{ split: inTurn(cased('', '\\p{N}')), ignoreMerges: true, adds: 'beginning' }, 'tekken'],
  [gpt4o, 'gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2'],
  [{ ...gpt4o, ignoreMerges: true }, 'granite-embed-multi-97m'],
  [roberta, 'roberta-bpe', 'jina-v1-en', 'jina-v2-code'],
  [{ split: sequence(split('[\\r\\n]'), split('\\s?\\p{L}+'), split('\\s?\\p{P}+'), split(DEEPSEEK_EAST), digits('each'), byteLevel(false)) }, 'deepseek-coder'],
  [{ split: inTurn('[\\r\\n]', `\\s?[${DEEPSEEK_LETTERS}]+`, '\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+', '\\s+$', DEEPSEEK_EAST, '\\p{N}+') }, 'deepseek-llm'],
  [deepSeek3, 'deepseek-v3', 'hunyuan-dense', 'joyai-llm', 'hy_v4'],
  [{ split: inTurn(...deepSeek('|[\\r\\n]'), '\\p{N}') }, 'spark2_5'],
  [bloom, 'bloom', 'poro-chat', 'gpt3-finnish'],
  [{ split: inTurn(BLOOM, '\\p{N}') }, 'viking'],
  [{ split: sequence({ type: 'Punctuation', behavior: 'Contiguous' }, byteLevel(true), digits('together'), split('[0-9][0-9][0-9]')) }, 'falcon'],
  [{ split: inTurn('[\\p{P}$+<=>^~|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]') }, 'default'],
  [bailing, 'bailingmoe', 'bailingmoe2', 'llada-moe'],
  [{ split: inTurn(`${SUFFIX}|${WORD}|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|${SPACE}`) }, 'seed-coder'],
  [{ split: inTurn(`${WORD}|\\p{N}|${MARKS}|${SPACE}`) }, 'ufakzeka'],
  [{ split: inTurn('[^\\n]+|[\\n]+', letters('\\p{N}')) }, 'laguna'],
  [{ split: inTurn('\\p{N}{1,3}', letters('\\p{N}+')), ignoreMerges: true }, 'minicpm5'],
  [{ split: inTurn(`${SUFFIX}|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|${SPACE}`) }, 'qwen35'],
  [{ split: inTurn(`${SUFFIX}|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+`) }, 'exaone-moe'],
  [{ split: inTurn(`${SUFFIX}|${WORD}|\\p{N}{1,3}|${MARKS}|\\s*[\\r\\n]+|${[512, 256, 128, 64, 32, 16, 8, 4].map((count) => `\\s{${count}}(?!\\S)`).join('|')}|\\s{1,2}(?!\\S)|\\s{1}`) }, 'jais-2'],
  [{ split: inTurn('[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-\u303f︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\u3040-\u309f\u30a0-\u30ff]+', cased(`${SUFFIX}?`, '\\p{N}')), ignoreMerges: true }, 'youtu']
]
const RULES_BY_NAME: ReadonlyMap<string, CuttingRules> = new Map(RULES.flatMap(([rules, ...names]) => names.map((name) => [name, rules] as const)))

/** What to do about a tokenizer that is not known. */
export const TOKENIZER_BESIDE = 'Put the tokenizer.json of the model it was made from into the folder of the file, and open it again: that one is then read.'

/**
 * The rules by the name that a GGUF file carries (`tokenizer.ggml.pre`).
 * @throws LayerscopeError `tokenizer-unsupported`
 */
export function cuttingRules(name: string, file: string): CuttingRules {
  const rules = RULES_BY_NAME.get(name)
  if (rules) return rules
  throw new LayerscopeError({
    code: 'tokenizer-unsupported', file, field: 'tokenizer.ggml.pre',
    message: `The file's tokenizer splits text by the rules ${quoted(name)}, which Layerscope does not know.`,
    hint: TOKENIZER_BESIDE
  })
}
