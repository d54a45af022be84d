/** Layers, seen from a little above; the one in focus carries the accent. */
export function LayersMark({ size = 40 }: { readonly size?: number }): React.JSX.Element {
  return (
    <svg className="LayersMark" width={size} height={size} viewBox="0 0 40 40" fill="none" aria-hidden>
      <path d="M20 24 L34 31 L20 38 L6 31 Z" className="LayersMark-far" />
      <path d="M20 13 L34 20 L20 27 L6 20 Z" className="LayersMark-focus" />
      <path d="M20 2 L34 9 L20 16 L6 9 Z" className="LayersMark-near" />
    </svg>
  )
}
