/** What a file that hangs over the window seems to be: all that is known before the drop is its MIME type. */
export interface HoveringItem { readonly type: string }

/** What the drop will do, as far as can be told beforehand. `dataset` is the name of the one that is open. */
export function dropPromise(items: readonly HoveringItem[], dataset: string | null): string {
  const meanings = items.map(({ type }) => meaning(type))
  const [first] = meanings
  if (items.length > 1) {
    return meanings.every((other) => other === 'dataset') ? `Open the first of ${items.length} datasets` : `Open ${items.length} files: model and dataset together`
  }
  if (first === 'dataset') return dataset === null ? 'Open as dataset' : `Open as dataset in place of ${dataset}`
  if (first === 'json') return 'Open as dataset or recipe'
  if (first === 'archive') return 'Open as exported session'
  if (first === 'picture') return 'Pictures cannot be opened'
  return 'Open as model, dataset or session'
}

function meaning(type: string): 'dataset' | 'json' | 'archive' | 'picture' | 'unknown' {
  if (type === 'application/json') return 'json'
  if (/^application\/(x-)?zip/.test(type)) return 'archive'
  if (/^(image|audio|video)\//.test(type)) return 'picture'
  if (type.startsWith('text/') || /csv|parquet|ndjson|jsonl|tab-separated/.test(type)) return 'dataset'
  return 'unknown'
}
