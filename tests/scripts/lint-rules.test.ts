import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The project's own configuration, less the rules that need the types of a file that exists. */
const eslint = new ESLint({ cwd: root, overrideConfig: [{ ...tseslint.configs.disableTypeChecked, files: ['**/*.{ts,tsx}'] }] as never })

/** Messages of one rule for `code` as if it stood in `file`. */
async function messages(file: string, code: string, rule: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: `${root}${file}` })
  const fatal = result?.messages.find((message) => message.fatal === true)
  if (fatal !== undefined) throw new Error(fatal.message)
  return (result?.messages ?? []).filter(({ ruleId }) => ruleId === rule).map(({ message }) => message)
}

const directions = (file: string, from: string): Promise<readonly string[]> =>
  messages(file, `import { thing } from '${from}'\nthing()`, 'layerscope/folder-directions')

describe('refused directions', () => {
  it.each([
    // The engine and the command line run without Electron and know no page.
    ['main/engine/models/onnx.ts', 'electron', 'engine/models may not import electron'],
    ['main/engine/server.ts', 'electron/main', 'engine server may not import electron/main'],
    ['main/engine/errors.ts', 'electron', 'engine ground may not import electron'],
    ['main/cli/index.ts', 'electron', 'command line may not import electron'],
    ['main/engine/probes/index.ts', '../../../renderer/state/store', 'engine/probes may not import page'],
    ['main/cli/run.ts', '../../renderer/main', 'command line may not import page'],
    ['main/cli/run.ts', '../window', 'command line may not import main'],
    // The page draws and asks.
    ['renderer/main.tsx', 'node:fs', 'page may not import node:fs'],
    ['renderer/main.tsx', 'fs/promises', 'page may not import fs/promises'],
    ['renderer/main.tsx', 'electron', 'page may not import electron'],
    ['renderer/state/store.ts', '../../main/engine/errors', 'page may not import engine ground'],
    ['renderer/state/store.ts', '../../main/window', 'page may not import main'],
    ['renderer/state/store.ts', '../../preload/index', 'page may not import preload'],
    // The preload script is a bridge.
    ['preload/index.ts', '../main/window', 'preload may not import main'],
    ['preload/index.ts', '../renderer/main', 'preload may not import page'],
    ['preload/index.ts', 'node:path', 'preload may not import node:path'],
    ['preload/contract/requests.ts', '../../main/engine/errors', 'contract may not import engine ground'],
    ['preload/contract/requests.ts', 'electron', 'contract may not import electron'],
    // Inside the engine: one direction.
    ['main/engine/models/index.ts', '../datasets', 'engine/models may not import engine/datasets'],
    ['main/engine/models/generated/graph.ts', '../../datasets/index', 'engine/models may not import engine/datasets'],
    ['main/engine/models/index.ts', '../activations', 'engine/models may not import engine/activations'],
    ['main/engine/datasets/index.ts', '../models', 'engine/datasets may not import engine/models'],
    ['main/engine/datasets/index.ts', '../sessions', 'engine/datasets may not import engine/sessions'],
    ['main/engine/activations/index.ts', '../probes', 'engine/activations may not import engine/probes'],
    ['main/engine/probes/index.ts', '../projections', 'engine/probes may not import engine/projections'],
    ['main/engine/probes/index.ts', '../models', 'engine/probes may not import engine/models'],
    ['main/engine/probes/index.ts', '../sessions', 'engine/probes may not import engine/sessions'],
    ['main/engine/probes/index.ts', '../analyses', 'engine/probes may not import engine/analyses'],
    ['main/engine/analyses/index.ts', '../sessions', 'engine/analyses may not import engine/sessions'],
    ['main/engine/analyses/index.ts', '../models', 'engine/analyses may not import engine/models'],
    ['main/engine/evaluation/index.ts', '../sessions', 'engine/evaluation may not import engine/sessions'],
    ['main/engine/probes/index.ts', '../evaluation', 'engine/probes may not import engine/evaluation'],
    ['main/engine/projections/index.ts', '../probes', 'engine/projections may not import engine/probes'],
    ['main/engine/projections/index.ts', '../sessions', 'engine/projections may not import engine/sessions'],
    ['main/engine/figures/layer-strip.ts', '../probes', 'engine/figures may not import engine/probes'],
    ['main/engine/sessions/index.ts', '../server', 'engine/sessions may not import engine server'],
    ['main/engine/sessions/index.ts', '../report', 'engine/sessions may not import engine/report'],
    ['main/engine/report/index.ts', '../models', 'engine/report may not import engine/models'],
    ['main/engine/workers.ts', './run', 'engine ground may not import engine server'],
    ['main/engine/errors.ts', './models', 'engine ground may not import engine/models'],
    ['main/window.ts', './engine/sessions', 'main may not import engine/sessions'],
    ['main/engine/server.ts', '../../tests/fixtures/model', 'may not import what only serves development']
  ])('%s from %s', async (file, from, message) => {
    expect(await directions(file, from)).toEqual([expect.stringContaining(message)])
  })

  it.each([
    ['main/engine/activations/index.ts', '../models/onnx-graph', 'reaches into engine/models'],
    ['main/engine/sessions/index.ts', '../probes/solver', 'reaches into engine/probes'],
    ['main/cli/run.ts', '../engine/sessions/session-folder', 'reaches into engine/sessions']
  ])('%s past the index: %s', async (file, from, message) => {
    expect(await directions(file, from)).toEqual([expect.stringContaining(message)])
  })

  it('names a folder that has no place yet', async () => {
    expect(await directions('main/engine/somewhere/index.ts', './else')).toEqual([expect.stringContaining('belongs to no part of the house')])
    expect(await directions('main/engine/server.ts', './somewhere/thing')).toEqual([expect.stringContaining('belongs to no part of the house')])
  })

  it.each([
    ['type', 'import type { A } from \'../datasets\'\nexport type B = A'],
    ['re-export', 'export { a } from \'../datasets\''],
    ['re-export of all', 'export * from \'../datasets\''],
    ['dynamic', 'export const a = (): Promise<unknown> => import(\'../datasets\')'],
    ['type query', 'export type A = import(\'../datasets\').A']
  ])('sees a %s import', async (_kind, code) => {
    expect(await messages('main/engine/models/index.ts', code, 'layerscope/folder-directions')).toHaveLength(1)
  })
})

describe('allowed directions', () => {
  it.each([
    ['main/engine/models/onnx.ts', './graph'],
    ['main/engine/models/onnx.ts', 'onnxruntime-node'],
    ['main/engine/models/onnx.ts', 'node:fs'],
    ['main/engine/models/generated/graph.ts', '../../errors'],
    ['main/engine/models/onnx.ts', '../../../preload/contract'],
    ['main/engine/activations/index.ts', '../models'],
    ['main/engine/activations/index.ts', '../models/index'],
    ['main/engine/activations/index.ts', '../models/open-model'],
    ['main/engine/activations/index.ts', '../datasets/open-dataset'],
    ['main/engine/probes/index.ts', '../activations'],
    ['main/engine/projections/index.ts', '../activations'],
    ['main/engine/projections/index.ts', '../workers'],
    ['main/engine/sessions/index.ts', '../probes/sweep-types'],
    ['main/engine/sessions/index.ts', '../figures'],
    ['main/engine/report/index.ts', '../sessions'],
    ['main/engine/server.ts', './sessions'],
    ['main/engine/index.ts', './server'],
    ['main/cli/run.ts', '../engine/sessions'],
    ['main/cli/run.ts', '../engine/errors'],
    ['main/window.ts', 'electron'],
    ['main/window.ts', '../preload/bridge'],
    ['preload/index.ts', 'electron'],
    ['preload/index.ts', './contract'],
    ['renderer/state/store.ts', '../../preload/contract'],
    ['renderer/state/store.ts', '../../preload/recipe'],
    ['renderer/state/store.ts', '../../preload/bridge'],
    ['renderer/state/store.ts', 'zustand'],
    ['renderer/main.tsx', './layers/strip'],
    ['tests/engine/models.test.ts', '../../main/engine/models/onnx']
  ])('%s from %s', async (file, from) => {
    expect(await directions(file, from)).toEqual([])
  })
})

describe('text is never markup', () => {
  it.each([
    'export const A = (p: { t: string }) => <p dangerouslySetInnerHTML={{ __html: p.t }} />',
    'export function a(e: HTMLElement, t: string) { e.innerHTML = t }',
    'export function a(e: HTMLElement, t: string) { e.insertAdjacentHTML(\'beforeend\', t) }'
  ])('%s', async (code) => {
    expect(await messages('renderer/table/cell.tsx', code, 'no-restricted-syntax')).toHaveLength(1)
  })
  it('leaves text alone', async () => {
    expect(await messages('renderer/table/cell.tsx', 'export const A = (p: { t: string }) => <p>{p.t}</p>', 'no-restricted-syntax')).toEqual([])
  })
})
