/** Data colours: what stands for a category, a number, the truth. */
export { cividis, parseHex, scaleThrough, toHex, truthScale, viridis, type Rgb, type Scale } from './color'
export {
  categoricalCoding, columnCoding, missingText, numericCoding, otherText, plainCoding, probeCoding, rowIndex, scaleCoding, shapeNames, truthyIndex,
  type Legend, type LegendEntry, type PointCoding, type ShapeName
} from './coding'
export { css, readTheme, useDataTheme, type DataTheme } from './theme'
