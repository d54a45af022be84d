import { z } from 'zod'
import { LayerscopeError } from '../../errors'

/** One step of a tokenizer.json (normalizer, pre-tokenizer, …): its type and whatever that type needs. */
export interface Component {
  readonly type: string
  readonly [field: string]: unknown
}

export const componentSchema: z.ZodType<Component> = z.looseObject({ type: z.string() })

const addedTokenSchema = z.object({
  id: z.int().min(0),
  content: z.string(),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().optional(),
  special: z.boolean().default(false)
})
export type AddedToken = z.infer<typeof addedTokenSchema>

/** The parts of a tokenizer.json that decide ids. Its `truncation` and `padding` are left out on purpose: the model's positions decide. */
export const tokenizerFileSchema = z.object({
  added_tokens: z.array(addedTokenSchema).default([]),
  normalizer: componentSchema.nullable().default(null),
  pre_tokenizer: componentSchema.nullable().default(null),
  post_processor: componentSchema.nullable().default(null),
  decoder: componentSchema.nullable().default(null),
  // The vocabulary inside is large: it is checked entry by entry where it is read.
  model: z.looseObject({ type: z.string().optional(), vocab: z.unknown() })
})
export type TokenizerFile = z.infer<typeof tokenizerFileSchema>

/** A pattern as tokenizer.json writes it: a literal, or a regular expression in Oniguruma's syntax. */
export const patternSchema = z.union([z.object({ String: z.string() }), z.object({ Regex: z.string() })])

/** @throws LayerscopeError `tokenizer-unsupported` naming the step that is not known */
export function unsupported(part: string, type: string): LayerscopeError {
  return new LayerscopeError({
    code: 'tokenizer-unsupported',
    message: `This tokenizer uses a ${part} of type ${type}, which Layerscope does not know.`,
    field: part
  })
}

/** Reads the fields of one step; what is wrong is named by step and field. */
export function readComponent<S extends z.ZodType>(part: string, component: unknown, schema: S): z.output<S> {
  const parsed = schema.safeParse(component)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new LayerscopeError({
    code: 'tokenizer-unreadable',
    message: `The ${part} in tokenizer.json is malformed: ${issue?.message ?? 'unknown shape'}.`,
    field: [part, ...(issue?.path ?? [])].join('.')
  })
}
