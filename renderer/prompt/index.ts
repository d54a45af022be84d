/** The prompt panel: tokens, next-token distribution, continuation. */
export { PromptDialog } from './PromptDialog'
