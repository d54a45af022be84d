/** Text as text: markup characters and what XML cannot hold are replaced. */
export function escapeXml(text: string): string {
  // The characters that XML 1.0 forbids.
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** An SVG document as a PNG at twice its size. */
export async function svgToPng(svg: string, { width, height }: { readonly width: number; readonly height: number }): Promise<Uint8Array> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = new OffscreenCanvas(width * 2, height * 2)
    const context = canvas.getContext('2d')
    if (!context) throw new Error('The figure could not be drawn: no 2D canvas.')
    context.drawImage(image, 0, 0, width * 2, height * 2)
    return new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer())
  } finally {
    URL.revokeObjectURL(url)
  }
}
