import type { SiteInfo, SweepSummary } from '../../preload/contract'
import { LayerscopeError } from '../engine/errors'
import { quoted } from '../engine/quoted'

/**
 * Names that match any of the comma-separated globs, in the order of `names`; `*` stands for any run of characters, `?` for one.
 * @throws LayerscopeError `site-unknown` for a glob that matches nothing
 */
export function matchSites(names: readonly string[], patterns: string): readonly string[] {
  const globs = patterns.split(',').map(pattern => pattern.trim()).filter(pattern => pattern !== '')
  const matched = new Set<string>()
  for (const glob of globs) {
    const expression = new RegExp(`^${glob.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`)
    const found = names.filter(name => expression.test(name))
    if (found.length === 0) {
      const shown = names.slice(0, 12).join(', ')
      throw new LayerscopeError({ code: 'site-unknown', message: `No site matches ${quoted(glob)}.`, hint: `There are ${shown}${names.length > 12 ? `, and ${names.length - 12} more` : ''}.` })
    }
    for (const name of found) matched.add(name)
  }
  if (globs.length === 0) throw new LayerscopeError({ code: 'arguments-invalid', message: '--sites names no site.' })
  return names.filter(name => matched.has(name))
}

/** Sites of a finished sweep that match, in depth order; the one that validation chose where no patterns are given. @throws LayerscopeError `site-unknown` */
export function sweptSites({ sites, chosen }: SweepSummary, patterns: string | undefined): readonly string[] {
  const names = [...new Set(sites.map(({ site }) => site))]
  if (patterns !== undefined) return matchSites(names, patterns)
  return chosen === null ? names.slice(0, 1) : [chosen.site]
}

/** Those of the matching sites that have a vector for every token; a glob may take in attention patterns, a full name may not. */
export function matchStorableSites(sites: readonly SiteInfo[], patterns: string): readonly string[] {
  const matched = new Set(matchSites(sites.map(({ name }) => name), patterns))
  const named = new Set(patterns.split(',').map(pattern => pattern.trim()))
  const kept = sites.filter(({ name, width }) => matched.has(name) && (width !== null || named.has(name))).map(({ name }) => name)
  if (kept.length === 0) throw new LayerscopeError({ code: 'site-not-storable', message: `No site that matches ${quoted(patterns)} has a vector for every token.`, hint: 'Use trace to write such sites whole for one batch.' })
  return kept
}
