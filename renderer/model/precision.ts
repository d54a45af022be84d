import type { FoundModel } from '../../preload/contract'

/** Block formats of GGUF with the bits a weight takes; others by their own name. */
export function precisionName(precision: string): string {
  const bits = /^I?Q(\d)_/.exec(precision)?.[1]
  return bits === undefined ? precision : `${precision} (${bits}-bit blocks)`
}

export function formatName(format: FoundModel['format']): string {
  return { onnx: 'ONNX', gguf: 'GGUF', safetensors: 'safetensors', pytorch: 'PyTorch' }[format]
}
