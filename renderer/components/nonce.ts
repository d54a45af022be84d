import { setNonce } from 'get-nonce'

/**
 * The nonce that this page's Content-Security-Policy allows `<style>` elements to carry.
 * The browser hides the attribute from scripts and selectors, not from the element's own property.
 */
export const styleNonce: string = document.querySelector<HTMLElement>('meta[property="csp-nonce"]')?.nonce ?? ''

// Scroll locking behind dialogs and menus adds a style element through this package.
setNonce(styleNonce)
