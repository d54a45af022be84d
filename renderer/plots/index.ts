/** Charts by plotly, and figures and tables on their way out. */
export { copyText, fileName, saveFile, toCsv, toTsv } from './export'
export { Plot, type PlotProps } from './Plot'
export { dataUrlBytes, loadPlotly, renderFigure, type Figure } from './plotly'
export { useSize, type Size } from './use-size'
