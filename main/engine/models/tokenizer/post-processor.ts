import { z } from 'zod'
import { componentSchema, readComponent, unsupported, type Component } from './tokenizer-file'

/** Special tokens that go around a text, and whether offsets leave out the white space of a token. */
export interface PostProcessor {
  readonly before: readonly number[]
  readonly after: readonly number[]
  readonly trimOffsets: boolean
  /** A byte-level post-processor that puts a space in front leaves the first token's space alone. */
  readonly addsPrefixSpace: boolean
}

const pair = z.tuple([z.string(), z.int()])
const bertSchema = z.object({ sep: pair, cls: pair })
const robertaSchema = bertSchema.extend({ trim_offsets: z.boolean().default(true), add_prefix_space: z.boolean().default(true) })
const byteLevelSchema = z.object({ trim_offsets: z.boolean().default(true), add_prefix_space: z.boolean().default(true) })
const templateSchema = z.object({
  single: z.array(z.union([
    z.object({ SpecialToken: z.object({ id: z.string() }) }),
    z.object({ Sequence: z.object({ id: z.string() }) })
  ])),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int()) }))
})

const nothing: PostProcessor = { before: [], after: [], trimOffsets: false, addsPrefixSpace: false }

/**
 * The post-processor of a tokenizer.json, for single texts.
 * @throws LayerscopeError `tokenizer-unsupported`, `tokenizer-unreadable`
 */
export function createPostProcessor(component: Component | null): PostProcessor {
  if (component === null) return nothing
  const read = <S extends z.ZodType>(schema: S): z.output<S> => readComponent('post_processor', component, schema)
  switch (component.type) {
    case 'BertProcessing': {
      const { sep, cls } = read(bertSchema)
      return { ...nothing, before: [cls[1]], after: [sep[1]] }
    }
    case 'RobertaProcessing': {
      const { sep, cls, trim_offsets, add_prefix_space } = read(robertaSchema)
      return { before: [cls[1]], after: [sep[1]], trimOffsets: trim_offsets, addsPrefixSpace: add_prefix_space }
    }
    case 'ByteLevel': {
      const options = read(byteLevelSchema)
      return { ...nothing, trimOffsets: options.trim_offsets, addsPrefixSpace: options.add_prefix_space }
    }
    case 'TemplateProcessing': {
      const { single, special_tokens } = read(templateSchema)
      const text = single.findIndex((part) => 'Sequence' in part)
      const ids = (parts: typeof single): number[] => parts.flatMap((part) => ('SpecialToken' in part ? special_tokens[part.SpecialToken.id]?.ids ?? [] : []))
      return { ...nothing, before: ids(text < 0 ? single : single.slice(0, text)), after: text < 0 ? [] : ids(single.slice(text)) }
    }
    case 'Sequence': {
      return read(z.object({ processors: z.array(componentSchema) })).processors.map(createPostProcessor).reduce<PostProcessor>((whole, step) => ({
        before: [...step.before, ...whole.before],
        after: [...whole.after, ...step.after],
        trimOffsets: whole.trimOffsets || step.trimOffsets,
        addsPrefixSpace: whole.addsPrefixSpace || step.addsPrefixSpace
      }), nothing)
    }
    default: throw unsupported('post_processor', component.type)
  }
}
