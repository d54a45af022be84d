import type { FoundModel, ModelListing, ModelPlace } from '../../preload/contract'

/** The models of one place. */
export interface ModelGroup {
  readonly title: string
  /** Null for those that come with the application. */
  readonly path: string | null
  readonly models: readonly FoundModel[]
}

const titles: Readonly<Record<Exclude<ModelPlace['kind'], 'folder'>, string>> = { 'hugging-face': 'Hugging Face', 'lm-studio': 'LM Studio', ollama: 'Ollama' }

export const bundledTitle = 'Comes with Layerscope'

/** What a place is called: the program that keeps its models there, or its path. */
export function placeTitle({ kind, path }: ModelPlace, home: string): string {
  return kind === 'folder' ? shortPath(path, home) : titles[kind]
}

/** A path with the home folder as `~`. */
export function shortPath(path: string, home: string): string {
  return home !== '' && (path === home || path.startsWith(`${home}/`) || path.startsWith(`${home}\\`)) ? `~${path.slice(home.length)}` : path
}

/** Where people keep their own models; what comes with the application is no such place. */
export function ownPlaces({ places }: ModelListing, bundled: readonly string[]): readonly ModelPlace[] {
  return places.filter(({ path }) => !bundled.includes(path))
}

/**
 * The models by place, in the order of places, those of the application last. Every word of `search` must be in the name,
 * the family, the precision or the format. Places without a match are left out.
 */
export function modelGroups(listing: ModelListing, bundled: readonly string[], search: string): readonly ModelGroup[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const matches = ({ name, family, precision, format }: FoundModel): boolean => {
    const text = `${name} ${family ?? ''} ${precision ?? ''} ${format}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }
  const found = listing.models.filter(matches)
  return [
    ...ownPlaces(listing, bundled).map((place) => ({ title: placeTitle(place, listing.home), path: place.path, models: found.filter((model) => model.place === place.path) })),
    { title: bundledTitle, path: null, models: found.filter(({ place }) => bundled.includes(place)) }
  ].filter(({ models }) => models.length > 0)
}
