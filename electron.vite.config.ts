import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

// The pinned substitute runtime (scripts/electron-runtime) is Electron 33: node 20.18, Chromium 130.
export default defineConfig({
  main: {
    build: {
      target: 'node20.18',
      outDir: at('out/main'),
      rolldownOptions: {
        input: {
          index: at('main/index.ts'),
          engine: at('main/engine/index.ts'),
          cli: at('main/cli/index.ts'),
          'discovery-worker': at('main/engine/models/discovery-worker.ts'),
          'model-worker': at('main/engine/models/model-worker.ts'),
          'provider-probe': at('main/engine/models/provider-probe.ts'),
          'probe-worker': at('main/engine/probes/probe-worker.ts'),
          'projection-worker': at('main/engine/projections/projection-worker.ts'),
          'analysis-worker': at('main/engine/analyses/analysis-worker.ts')
        },
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
