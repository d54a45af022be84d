import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { listProviders, openModel } from '../../../main/engine/models'
import { largestDifference, readReference, sharedExists, sharedFolder } from '../../fixtures/reference'

/** SwiftShader's Vulkan driver: a GPU in software, from the assembled Electron or from Debian's chromium. */
function softwareDriver(): string | null {
  const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url))
  const electron = existsSync(cache) ? readdirSync(cache).filter(name => name.startsWith('electron-')).map(name => join(cache, name, 'vk_swiftshader_icd.json')) : []
  return [...electron, '/usr/lib/chromium/vk_swiftshader_icd.json'].find(path => existsSync(path)) ?? null
}

/** The Vulkan loader that finds the driver (Debian: libvulkan1). */
const loader = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib', ...(process.env['LD_LIBRARY_PATH'] ?? '').split(':')].some(folder => existsSync(join(folder, 'libvulkan.so.1')))
const driver = process.platform === 'linux' && loader ? softwareDriver() : null
if (driver === null) console.log('skipped: webgpu needs libvulkan1 and a SwiftShader driver (an assembled Electron or Debian’s chromium), not found here')

beforeAll(() => {
  if (driver === null) return
  process.env['VK_ICD_FILENAMES'] = driver
  process.env['XDG_RUNTIME_DIR'] = '/tmp'
})

describe('providers', () => {
  it('the CPU works, and what does not work says why', async () => {
    const providers = await listProviders()
    expect(providers[0]).toEqual({ name: 'cpu', ok: true })
    for (const provider of providers) if (!provider.ok) expect(provider.reason, provider.name).toMatch(/^.{8,}[.!?]$/s)
    expect(await listProviders()).toBe(providers)
  })

  it.skipIf(!sharedExists)('an unavailable provider falls back to the CPU with a sentence', async () => {
    const model = await openModel(join(sharedFolder, 'models/zoo/bert'), { provider: 'coreml-of-elsewhere' })
    expect(model.provider.name).toBe('cpu')
    expect(model.provider.note).toMatch(/no coreml-of-elsewhere provider.*CPU/)
    await model.close()
  })

  it.skipIf(driver === null || !sharedExists).each(['bert'])('%s on webgpu equals the reference and the CPU', { timeout: 120_000 }, async family => {
    const { batch, sites } = readReference(join(sharedFolder, 'models/zoo', family, 'reference.safetensors'))
    const model = await openModel(join(sharedFolder, 'models/zoo', family), { provider: 'webgpu' })
    try {
      expect(model.provider).toEqual({ name: 'webgpu', note: null })
      expect(model.summary.checks.find(check => check.name === 'provider-agrees')?.ok).toBe(true)
      const tensors = await model.run(batch, [...sites.keys()], { kind: 'whole' })
      for (const [site, expected] of sites) {
        const found = tensors.get(site)
        expect(found === undefined ? Infinity : largestDifference(found, expected, batch), site).toBeLessThan(1e-3)
      }
    } finally {
      await model.close()
    }
  })
})
