/** How a model reads a text, token by token, and how it goes on. */

export interface TokenInfo {
  readonly id: number
  readonly text: string
  /** Half-open range of UTF-16 code units of the input; null for special tokens. */
  readonly span: readonly [number, number] | null
  readonly special: boolean
}

/** A token with the bytes of the text it stands for; null where the vocabulary has none for it. */
export interface PromptToken extends TokenInfo {
  readonly bytes: readonly number[] | null
}

export interface NextToken {
  readonly id: number
  readonly text: string
  readonly bytes: readonly number[] | null
  readonly probability: number
}

/** What a model says comes after a prompt. */
export interface NextTokens {
  /** The prompt as the model reads it, special tokens included. */
  readonly tokens: readonly PromptToken[]
  /** The most probable tokens, most probable first; empty where the model predicts none. */
  readonly top: readonly NextToken[]
  /** Probability of all other tokens together. */
  readonly other: number
}

export interface Generation {
  /** All that was generated, without the prompt. */
  readonly text: string
  readonly tokens: number
  /** Over the tokens after the first, which waits for the whole prompt; 0 where there are none. */
  readonly tokensPerSecond: number
  /** `end`: the model ended the text itself; `length`: as many tokens as were asked for or fit; `cancelled`: what came before is kept. */
  readonly ended: 'end' | 'length' | 'cancelled'
}
