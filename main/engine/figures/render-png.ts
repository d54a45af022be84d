import { createRequire } from 'node:module'
import { renderAsync } from '@resvg/resvg-js'
import { LayerscopeError } from '../errors'

const fromHere = createRequire(import.meta.url)

/** Inter as TrueType: the renderer reads neither WOFF2 nor variable weights. */
const FONTS = ['400Regular/Inter_400Regular.ttf', '600SemiBold/Inter_600SemiBold.ttf']

/**
 * Draws an SVG of this folder as PNG, `scale` pixels to a unit (2 for print). Text is set in Inter; the system's
 * fonts stand in for scripts that Inter lacks.
 * @throws LayerscopeError `figure-unreadable` for what is no SVG
 */
export async function renderPng(svg: string, scale: number): Promise<Uint8Array> {
  const fontFiles = FONTS.map(file => fromHere.resolve(`@expo-google-fonts/inter/${file}`))
  try {
    const image = await renderAsync(svg, {
      fitTo: { mode: 'zoom', value: scale },
      font: { fontFiles, loadSystemFonts: true, defaultFontFamily: 'Inter', sansSerifFamily: 'Inter' }
    })
    return new Uint8Array(image.asPng())
  } catch (error) {
    throw new LayerscopeError({
      code: 'figure-unreadable',
      message: `The figure could not be drawn as PNG: ${error instanceof Error ? error.message : String(error)}.`,
      hint: 'Export it as SVG instead.'
    }, { cause: error })
  }
}
