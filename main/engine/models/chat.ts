import { Template } from '@huggingface/jinja'
import { LayerscopeError } from '../errors'
import type { ChatTemplate } from './generation-card'

/**
 * One user message as the model's own chat template writes it, ready for the assistant's answer.
 * @throws LayerscopeError `chat-template-missing`, `chat-template-failed`
 */
export function renderChat(chat: ChatTemplate | null, message: string): string {
  if (chat === null) {
    throw new LayerscopeError({ code: 'chat-template-missing', message: 'This model came without a chat template.', hint: 'Leave --chat out to continue the prompt as plain text.' })
  }
  try {
    return new Template(chat.template).render({
      messages: [{ role: 'user', content: message }], add_generation_prompt: true, bos_token: chat.beginToken, eos_token: chat.endToken
    })
  } catch (cause) {
    throw new LayerscopeError({ code: 'chat-template-failed', message: `The model's chat template cannot be rendered: ${cause instanceof Error ? cause.message : String(cause)}` }, { cause })
  }
}
