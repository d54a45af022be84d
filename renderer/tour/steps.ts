/** A step points at the element that carries `data-tour` of this name. */
export interface TourStep { readonly control: string; readonly title: string; readonly text: string }

export const tourSteps: readonly TourStep[] = [
  { control: 'setup', title: 'A model and a dataset', text: 'Open a transformer and a table of labelled texts, or drop them anywhere. The model proves itself with checks; click the dataset’s columns to choose what is read and what is predicted.' },
  { control: 'run', title: 'One run', text: 'Reads every text through the model and fits a probe at each layer. Cancel keeps what is done, and the next run goes on from there.' },
  { control: 'layers', title: 'The layer strip', text: 'How well the label can be read at each depth, with its interval, beside what shuffled labels and the bare words achieve. Click, drag or use the arrow keys to choose the layer that everything else shows.' },
  { control: 'projection', title: 'The cloud of the layer', text: 'Each point is a text. Draw a lasso to select, colour by anything, and move through the layers to watch the points part.' },
  { control: 'palette', title: 'Everything else', text: 'Every command, layer, column and recent session is found by typing here. Press ? for the keyboard shortcuts.' }
]

export interface Box { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** Where the light falls and where the card stands, in window pixels. */
export interface Place { readonly light: Box; readonly card: { readonly x: number; readonly y: number } }

const around = 4
const apart = 12

/** Puts the card beside the control: right, left, below or above, wherever it fits first, and always inside the window. */
export function stepPlace(control: Box, window: { readonly width: number; readonly height: number }, card: { readonly width: number; readonly height: number }): Place {
  const x = Math.max(2, control.x - around)
  const y = Math.max(2, control.y - around)
  const light = { x, y, width: Math.min(window.width - 2, control.x + control.width + around) - x, height: Math.min(window.height - 2, control.y + control.height + around) - y }
  const inside = (value: number, size: number, whole: number): number => Math.min(whole - size - apart, Math.max(apart, value))
  const middleX = inside(light.x + light.width / 2 - card.width / 2, card.width, window.width)
  const top = inside(light.y, card.height, window.height)
  if (light.x + light.width + apart + card.width <= window.width - apart) return { light, card: { x: light.x + light.width + apart, y: top } }
  if (light.x - apart - card.width >= apart) return { light, card: { x: light.x - apart - card.width, y: top } }
  if (light.y + light.height + apart + card.height <= window.height - apart) return { light, card: { x: middleX, y: light.y + light.height + apart } }
  if (light.y - apart - card.height >= apart) return { light, card: { x: middleX, y: light.y - apart - card.height } }
  return { light, card: { x: middleX, y: inside(light.y + light.height - card.height - apart, card.height, window.height) } }
}
