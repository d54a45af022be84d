import './Skeleton.css'

/** Keeps the place of something that is on its way. Sizes are CSS lengths. */
export function Skeleton({ width = '100%', height = '12px' }: { readonly width?: string; readonly height?: string }): React.JSX.Element {
  return <span className="Skeleton" style={{ width, height }} aria-hidden />
}
