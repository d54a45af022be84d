import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { contentSecurityPolicy, pageFile, servePage } from '../../main/protocol'

let folder: string
let root: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerscope-protocol-'))
  root = join(folder, 'renderer')
  await mkdir(join(root, 'assets'), { recursive: true })
  await writeFile(join(root, 'index.html'), '<style nonce="__CSP_NONCE__"></style><meta nonce="__CSP_NONCE__">')
  await writeFile(join(root, 'assets', 'a b.js'), 'export {}')
  await writeFile(join(root, 'notes.md'), 'not for pages')
  await writeFile(join(folder, 'secret.json'), '{}')
  await symlink(join(folder, 'secret.json'), join(root, 'link.json'))
})

describe('pageFile', () => {
  it('names files below the root', () => {
    expect(pageFile('/out/renderer', 'app://layerscope/index.html')).toBe('/out/renderer/index.html')
    expect(pageFile('/out/renderer', 'app://layerscope/assets/a%20b.js?v=1#x')).toBe('/out/renderer/assets/a b.js')
  })

  it.each([
    'app://layerscope/../secret.json', 'app://layerscope/%2e%2e/secret.json', 'app://layerscope/..%2fsecret.json', 'app://layerscope/assets/..%2f..%2fsecret.json',
    'app://layerscope/%252e%252e/secret.json', 'app://layerscope/..%5csecret.json', 'app://layerscope//etc/passwd', 'app://layerscope/%2fetc/passwd',
    'app://layerscope/index.html%00.js', 'app://layerscope/%E0%A4%A', 'app://layerscope/', 'app://elsewhere/index.html', 'file:///etc/passwd', 'nonsense'
  ])('refuses %s', async (url) => {
    const file = pageFile(root, url)
    // URL parsing takes plain `..` away by itself: what is left must still lie below the root.
    if (file !== null) expect(file.startsWith(`${root}/`)).toBe(true)
    expect((await servePage(root, url)).status).toBe(404)
  })
})

describe('servePage', () => {
  it('sends pages with a policy whose nonce is the one in the page, new at every load', async () => {
    const read = async (): Promise<{ nonce: string | undefined; policy: string; text: string }> => {
      const response = await servePage(root, 'app://layerscope/index.html')
      const policy = response.headers.get('content-security-policy') ?? ''
      return { nonce: /'nonce-([^']+)'/.exec(policy)?.[1], policy, text: await response.text() }
    }
    const [first, second] = [await read(), await read()]
    expect(first.text).toBe(`<style nonce="${first.nonce}"></style><meta nonce="${first.nonce}">`)
    expect(first.nonce).not.toBe(second.nonce)
    expect(Buffer.from(first.nonce ?? '', 'base64')).toHaveLength(16)
  })

  it('serves known types only, and no link that leads out', async () => {
    expect((await servePage(root, 'app://layerscope/assets/a%20b.js')).headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect((await servePage(root, 'app://layerscope/notes.md')).status).toBe(404)
    expect((await servePage(root, 'app://layerscope/link.json')).status).toBe(404)
    expect((await servePage(root, 'app://layerscope/missing.js')).status).toBe(404)
  })

  it('allows neither inline scripts, evaluation, nor the network', () => {
    const policy = contentSecurityPolicy('n')
    expect(policy).not.toMatch(/unsafe-(inline|eval|hashes)|https?:|\*/)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
  })
})
