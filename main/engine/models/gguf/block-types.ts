/** The types that ggml stores tensors in, by number and by name, and how large their blocks are. */

/** ggml_type → name; 4 and 5 (Q4_2, Q4_3) were given up before there were GGUF files. */
export const GGUF_TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1',
  10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K', 13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K',
  16: 'IQ2_XXS', 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S', 22: 'IQ2_S', 23: 'IQ4_XS', 29: 'IQ1_M',
  24: 'I8', 25: 'I16', 26: 'I32', 27: 'I64', 28: 'F64', 30: 'BF16', 34: 'TQ1_0', 35: 'TQ2_0', 39: 'MXFP4', 40: 'NVFP4',
  // Given up by llama.cpp, but still about: rows woven together for one processor.
  31: 'Q4_0_4_4', 32: 'Q4_0_4_8', 33: 'Q4_0_8_8', 36: 'IQ4_NL_4_4', 37: 'IQ4_NL_4_8', 38: 'IQ4_NL_8_8'
}

/** Values in a block and the bytes it takes. */
const LAYOUTS: Readonly<Record<string, readonly [values: number, bytes: number]>> = {
  F32: [1, 4], F16: [1, 2], BF16: [1, 2], F64: [1, 8], I8: [1, 1], I16: [1, 2], I32: [1, 4], I64: [1, 8],
  Q4_0: [32, 18], Q4_1: [32, 20], Q5_0: [32, 22], Q5_1: [32, 24], Q8_0: [32, 34], Q8_1: [32, 36],
  Q2_K: [256, 84], Q3_K: [256, 110], Q4_K: [256, 144], Q5_K: [256, 176], Q6_K: [256, 210], Q8_K: [256, 292],
  IQ2_XXS: [256, 66], IQ2_XS: [256, 74], IQ3_XXS: [256, 98], IQ1_S: [256, 50], IQ4_NL: [32, 18], IQ3_S: [256, 110], IQ2_S: [256, 82], IQ4_XS: [256, 136], IQ1_M: [256, 56],
  TQ1_0: [256, 54], TQ2_0: [256, 66], MXFP4: [32, 17], NVFP4: [64, 36],
  Q4_0_4_4: [32, 18], Q4_0_4_8: [32, 18], Q4_0_8_8: [32, 18], IQ4_NL_4_4: [32, 18], IQ4_NL_4_8: [32, 18], IQ4_NL_8_8: [32, 18]
}

/** Values in a block of `type` and the bytes it takes; a type that is no block has one value in it. */
export function blockLayout(type: string): { readonly values: number; readonly bytes: number } {
  const layout = LAYOUTS[type]
  if (!layout) throw new Error(`No layout for ${type}.`)
  return { values: layout[0], bytes: layout[1] }
}
