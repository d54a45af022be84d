import { listProviders, openModel } from '../../engine/models/index'
import { printable, table, type Terminal } from '../terminal'

/** Opens a model, runs its self-tests and tells what it is. */
export async function info(path: string, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const model = await openModel(path, { signal, onStage(stage) { terminal.stage(stage) } })
  try {
    const providers = await listProviders()
    const { family, format, precision, layers, hidden, heads, kvHeads, headDim, vocab, maxPositions, checks, openMs, name, hash, bytes, license, defaultSites, warnings, memory } = model.summary
    terminal.result({
      family, format, precision, layers, hidden, heads, kvHeads, headDim, vocab,
      sites: model.sites.map(({ name: site, shape }) => ({ name: site, shape })), checks, openMs, providers,
      name, hash, bytes, maxPositions, license, defaultSites, warnings, memory
    })
    terminal.print(table(['', ''], [
      ['model', printable(name)], ['family', family], ['format', format], ['precision', precision], ['layers', String(layers)], ['hidden', String(hidden)],
      ['heads', `${heads ?? '?'}${kvHeads === null || kvHeads === heads ? '' : ` (${kvHeads} for keys and values)`}`], ['vocabulary', String(vocab ?? '?')],
      ['size', `${(bytes / 1e6).toFixed(1)} MB`], ['opened in', `${Math.round(openMs)} ms`],
      ['runs on', providers.filter(({ ok }) => ok).map(provider => provider.name).join(', ')]
    ], 'll').trimStart())
    terminal.print()
    terminal.print(table(['site', 'shape'], model.sites.map(({ name: site, shape }) => [site, `[${shape.join(', ')}]`]), 'll'))
    terminal.print()
    for (const check of checks) terminal.print(`${check.ok ? 'ok    ' : 'FAILED'}  ${check.name}: ${check.detail}`)
    for (const warning of warnings) terminal.warn(warning)
  } finally {
    await model.close()
  }
}
