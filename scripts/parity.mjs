#!/usr/bin/env node
/** `npm run parity`: every reference model against Hugging Face's numbers; prints the table and writes it into docs/models.md. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'tests/engine/models/parity-table.test.ts', '-t', 'is measured again'], {
  cwd: root, stdio: 'inherit', env: { ...process.env, LAYERSCOPE_PARITY: '1' }
})
process.exitCode = status ?? 1
