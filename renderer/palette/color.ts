/** 8-bit sRGB. */
export type Rgb = readonly [red: number, green: number, blue: number]

/** `#rrggbb` to numbers. @throws TypeError for any other form. */
export function parseHex(hex: string): Rgb {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex.trim())
  if (!match) throw new TypeError(`Not a colour of the form #rrggbb: ${hex}`)
  return [parseInt(match[1] as string, 16), parseInt(match[2] as string, 16), parseInt(match[3] as string, 16)]
}

export function toHex([red, green, blue]: Rgb): string {
  return `#${[red, green, blue].map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`
}

/** A colour scale over [0, 1]. */
export type Scale = (share: number) => Rgb

/** Piecewise linear through `stops`, equally spaced; values outside [0, 1] take the nearest end. */
export function scaleThrough(stops: readonly Rgb[]): Scale {
  const last = stops.length - 1
  return (share) => {
    const at = Math.min(1, Math.max(0, share)) * last
    const index = Math.min(last - 1, Math.floor(at))
    const from = stops[index] as Rgb
    const to = stops[index + 1] as Rgb
    const part = at - index
    return [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part, from[2] + (to[2] - from[2]) * part]
  }
}

/** Viridis by Stéfan van der Walt and Nathaniel Smith (CC0), sampled at eleven points. */
export const viridis = scaleThrough(['#440154', '#482475', '#414487', '#355f8d', '#2a788e', '#21918c', '#22a884', '#44bf70', '#7ad151', '#bddf26', '#fde725'].map(parseHex))

/** Cividis by Nuñez, Anderton and Renslow (2018), sampled at nine points. */
export const cividis = scaleThrough(['#00224e', '#123570', '#3b496c', '#575d6d', '#707173', '#8a8678', '#a59c74', '#c3b369', '#fee838'].map(parseHex))

/** Orange through a neutral middle to blue: 0 is false, 1 is true. */
export function truthScale(falseColor: Rgb, middle: Rgb, trueColor: Rgb): Scale {
  return scaleThrough([falseColor, middle, trueColor])
}
