import { chmod } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

/** npx makes the program of `bin` executable once, when it links it; a later build writes it anew. */
const executableCommand = {
  name: 'executable-command',
  writeBundle: ({ dir = '' }: { readonly dir?: string | undefined }) => chmod(join(dir, 'cli.js'), 0o755)
}

// The pinned substitute runtime (scripts/electron-runtime) is Electron 33: node 20.18, Chromium 130.
export default defineConfig({
  main: {
    plugins: [executableCommand],
    build: {
      target: 'node20.18',
      outDir: at('out/main'),
      rolldownOptions: {
        input: {
          index: at('main/index.ts'),
          engine: at('main/engine/index.ts'),
          cli: at('main/cli/index.ts'),
          'discovery-worker': at('main/engine/models/discovery/discovery-worker.ts'),
          'model-worker': at('main/engine/models/worker/model-worker.ts'),
          'provider-probe': at('main/engine/models/provider-probe.ts'),
          'probe-worker': at('main/engine/probes/probe-worker.ts'),
          'projection-worker': at('main/engine/projections/projection-worker.ts'),
          'analysis-worker': at('main/engine/analyses/analysis-worker.ts')
        },
        // An index file that a worker imports one name from brings that name alone: no worker loads the database to fit a probe.
        treeshake: { moduleSideEffects: [{ test: /\/main\/engine\//, sideEffects: false }] },
        // Flat: workers are found beside the module that starts them.
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' }
      }
    }
  },
  preload: {
    build: {
      target: 'node20.18',
      outDir: at('out/preload'),
      rolldownOptions: {
        input: { index: at('preload/index.ts') },
        // A sandboxed preload must be CommonJS.
        output: { format: 'cjs', entryFileNames: '[name].cjs' }
      }
    }
  },
  renderer: {
    root: at('renderer'),
    plugins: [react()],
    build: {
      target: 'chrome130',
      outDir: at('out/renderer'),
      rolldownOptions: { input: { index: at('renderer/index.html') } }
    }
  }
})
