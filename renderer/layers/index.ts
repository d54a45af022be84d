/** The layer strip: scores through depth, and the selected layer. */
export { LayerStrip } from './LayerStrip'
export { stepLayer } from './layer-steps'
export { strip, type StripActions } from './strip-actions'
export { siteName, siteTick, withSiteNames } from './site-axis'
