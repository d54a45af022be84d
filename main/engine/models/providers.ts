import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ProviderInfo } from '../../../preload/contract'

/** Longest wait for a probe: a GPU's first shader compilation takes seconds. */
const PROBE_MS = 30_000

/** What a probe process tells before it ends. */
export interface ProbeReply { readonly ok: boolean; readonly reason?: string }

/** Providers that ONNX Runtime's build for this platform has, best known first after the CPU. */
function candidateProviders(platform: NodeJS.Platform = process.platform, architecture: string = process.arch): readonly string[] {
  const webgpu = platform === 'linux' && architecture === 'arm64' ? [] : ['webgpu']
  if (platform === 'linux') return ['cpu', ...(architecture === 'x64' ? ['cuda', 'tensorrt'] : []), ...webgpu]
  if (platform === 'win32') return ['cpu', 'dml', ...webgpu]
  if (platform === 'darwin') return ['cpu', 'coreml', ...webgpu]
  return ['cpu']
}

let probed: Promise<readonly ProviderInfo[]> | null = null
const single = new Map<string, Promise<ProviderInfo>>()

/** What this machine can run, each tried with a tiny graph in a process of its own; asked once per process. */
export function listProviders(): Promise<readonly ProviderInfo[]> {
  probed ??= Promise.all(candidateProviders().map(probe))
  return probed
}

/** The provider to use for the one asked for: itself where it works, else the CPU with the reason. */
export async function usableProvider(asked: string): Promise<{ readonly provider: string; readonly note: string | null }> {
  if (asked === 'cpu') return { provider: 'cpu', note: null }
  if (!candidateProviders().includes(asked)) return { provider: 'cpu', note: `This platform has no ${asked} provider, so the CPU is used.` }
  const info = await probe(asked)
  return info.ok ? { provider: asked, note: null } : { provider: 'cpu', note: `The ${asked} provider does not work here, so the CPU is used: ${info.reason ?? 'no reason given'}` }
}

function probe(name: string): Promise<ProviderInfo> {
  const known = single.get(name) ?? inProcess(name)
  single.set(name, known)
  return known
}

/** A provider can take its process down with it: the probe has one to lose. */
function inProcess(name: string): Promise<ProviderInfo> {
  const entry = import.meta.url.endsWith('.ts') ? new URL('../../../out/main/provider-probe.js', import.meta.url) : new URL('./provider-probe.js', import.meta.url)
  return new Promise(resolve => {
    const child = fork(fileURLToPath(entry), [name], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', ORT_DISABLE_TELEMETRY: '1' }, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'], timeout: PROBE_MS
    })
    let reply: ProbeReply | null = null
    child.on('message', message => { reply = message as ProbeReply })
    child.on('error', error => { resolve({ name, ok: false, reason: `The probe did not start: ${error.message}` }) })
    child.on('close', (code, signal) => {
      if (reply !== null) resolve({ name, ...reply })
      else if (signal === 'SIGTERM') resolve({ name, ok: false, reason: `No answer within ${String(PROBE_MS / 1000)} seconds.` })
      else resolve({ name, ok: false, reason: `ONNX Runtime ended its process (${signal ?? `exit code ${String(code)}`}) when asked for this provider.` })
    })
  })
}
