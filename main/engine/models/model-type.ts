/** Families that read a text in both directions: their logits, where they have them, are for masked tokens. */
export const ENCODERS: ReadonlySet<string> = new Set(['bert', 'roberta', 'xlm-roberta', 'camembert', 'distilbert', 'mpnet', 'electra', 'albert', 'deberta', 'deberta-v2', 'modernbert', 'nomic_bert', 'encoder'])

/** Families that are not spelled with the letters of their class alone. */
const SPELLED = ['gpt_neox', 'gpt_neo', 'gpt_bigcode', 'gemma3_text', 'xlm-roberta', 'xlm-roberta-xl', 'roberta-prelayernorm', 'deberta-v2', 'nomic_bert']

/** What config.json calls the family (`model_type`), by the name of a class of transformers (`architectures`); null for what is no such name. */
export function modelTypeOfClass(name: string): string | null {
  const stem = /^(?:TF|Flax)?([A-Z]\w*?)(?:(?:LMHead|DoubleHeads|PreTrained)?Model|For[A-Z]\w*)$/.exec(name)?.[1]?.toLowerCase()
  return stem === undefined ? null : SPELLED.find(type => type.replace(/[_-]/g, '') === stem) ?? stem
}
