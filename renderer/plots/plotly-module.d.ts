/** The part of plotly.js this page uses; its own declarations cover the whole bundle, not the basic one. */
declare module 'plotly.js/dist/plotly-basic.min.js' {
  export interface PlotlyModule {
    react(root: HTMLElement, data: readonly object[], layout: object, config?: object): Promise<HTMLElement>
    purge(root: HTMLElement): void
    toImage(figure: { readonly data: readonly object[]; readonly layout: object; readonly config?: object }, options: { readonly format: 'svg' | 'png'; readonly width: number; readonly height: number; readonly scale?: number }): Promise<string>
  }
  const Plotly: PlotlyModule
  export default Plotly
}
