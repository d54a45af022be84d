import reactHooks from 'eslint-plugin-react-hooks'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import { folderDirections } from './scripts/lint/folder-directions.mjs'

const engineWhy = 'The engine\'s folders form one direction: models and datasets, activations, probes and projections, sessions, server.'

/**
 * The parts of the house and which of them each may import; the first that matches a file is the file's.
 * `doors`: what other parts may import of it, by file name.
 * @type {readonly import('./scripts/lint/folder-directions.mjs').Part[]}
 */
const parts = [
  // What both sides of the port agree on.
  { name: 'contract', folders: ['preload/contract/', 'preload/recipe', 'preload/bridge', 'preload/commands', 'preload/host-calls', 'preload/label-places', 'preload/measures', 'preload/positions', 'preload/probe-methods', 'preload/site-curves'], imports: [], packages: ['electron', 'node'], why: 'The contract is types and schemas for every process.' },
  { name: 'preload', folders: ['preload/'], imports: ['contract'], packages: ['node'], why: 'The preload script is a sandboxed bridge between page and main: it imports neither.' },
  { name: 'page', folders: ['renderer/'], imports: ['contract'], packages: ['electron', 'node'], why: 'The page only draws and asks: no Node, no Electron, and of the rest nothing but the contract.' },

  { name: 'engine/models', folders: ['main/engine/models/'], imports: ['contract', 'engine ground'], doors: ['index', 'open-model'], packages: ['electron'], why: engineWhy },
  { name: 'engine/datasets', folders: ['main/engine/datasets/'], imports: ['contract', 'engine ground'], doors: ['index', 'open-dataset'], packages: ['electron'], why: engineWhy },
  { name: 'engine/activations', folders: ['main/engine/activations/'], imports: ['contract', 'engine ground', 'engine/models', 'engine/datasets'], doors: ['index', 'matrix'], packages: ['electron'], why: engineWhy },
  { name: 'engine/probes', folders: ['main/engine/probes/'], imports: ['contract', 'engine ground', 'engine/matrices', 'engine/activations'], doors: ['index', 'sweep-types'], packages: ['electron'], why: engineWhy },
  { name: 'engine/evaluation', folders: ['main/engine/evaluation/'], imports: ['contract', 'engine ground', 'engine/probes'], doors: ['index'], packages: ['electron'], why: engineWhy },
  { name: 'engine/analyses', folders: ['main/engine/analyses/'], imports: ['contract', 'engine ground', 'engine/matrices', 'engine/activations', 'engine/probes', 'engine/evaluation'], doors: ['index'], packages: ['electron'], why: engineWhy },
  // Linear algebra in float64, which knows nothing of what is computed with it.
  { name: 'engine/matrices', folders: ['main/engine/matrices/'], imports: [], doors: ['index'], packages: ['electron'], why: engineWhy },
  { name: 'engine/projections', folders: ['main/engine/projections/'], imports: ['contract', 'engine ground', 'engine/activations'], doors: ['index'], packages: ['electron'], why: engineWhy },
  { name: 'engine/figures', folders: ['main/engine/figures/'], imports: ['contract', 'engine ground'], doors: ['index'], packages: ['electron'], why: 'Figures are drawn from the contract\'s types alone.' },
  {
    name: 'engine/sessions', folders: ['main/engine/sessions/'], doors: ['index'], packages: ['electron'], why: engineWhy,
    imports: ['contract', 'engine ground', 'engine/models', 'engine/datasets', 'engine/activations', 'engine/probes', 'engine/analyses', 'engine/projections', 'engine/figures']
  },
  {
    name: 'engine/report', folders: ['main/engine/report/'], doors: ['index'], packages: ['electron'], why: engineWhy,
    imports: ['contract', 'engine ground', 'engine/activations', 'engine/probes', 'engine/evaluation', 'engine/analyses', 'engine/figures', 'engine/sessions']
  },
  // What every folder of the engine may use, and which uses none of them; workers are handed their entries by name.
  {
    name: 'engine ground', folders: ['errors', 'quoted', 'quantity', 'edit-distance', 'mulberry32', 'workers', 'atomic-file', 'folder-lock'].map((file) => `main/engine/${file}`), packages: ['electron'],
    imports: ['contract'], why: 'What serves every folder of the engine depends on none.'
  },
  // The files directly in main/engine/ answer the port: they alone see everything.
  {
    name: 'engine server', folders: ['main/engine/*'], packages: ['electron'], why: engineWhy,
    imports: ['contract', 'engine ground', 'engine/models', 'engine/datasets', 'engine/activations', 'engine/probes', 'engine/evaluation', 'engine/analyses', 'engine/projections', 'engine/figures', 'engine/sessions', 'engine/report']
  },

  {
    name: 'command line', folders: ['main/cli/'], packages: ['electron'], why: 'The command line drives the engine on plain Node.',
    imports: ['contract', 'engine ground', 'engine server', 'engine/models', 'engine/datasets', 'engine/activations', 'engine/probes', 'engine/evaluation', 'engine/analyses', 'engine/projections', 'engine/figures', 'engine/sessions', 'engine/report']
  },
  { name: 'main', folders: ['main/*'], imports: ['contract', 'engine ground'], why: 'The main process starts the engine and holds the windows; heavy work and its modules stay in the engine.' }
]

/** Text from a dataset or a model is text, never markup. */
const noMarkup = [
  { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'Text is never markup: render it as a child.' },
  { selector: 'AssignmentExpression[left.property.name=/^(inner|outer)HTML$/]', message: 'Text is never markup: use textContent.' },
  { selector: 'CallExpression[callee.property.name="insertAdjacentHTML"]', message: 'Text is never markup: use textContent.' }
]

export default defineConfig(
  { ignores: ['out/', '.cache/', 'node_modules/', 'test-results/', 'playwright-report/', 'coverage/', 'resources/', '**/*.layerscope/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.strict,
  {
    name: 'layerscope/language',
    rules: {
      // `== null` asks for both null and undefined.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-async-promise-executor': 'error',
      'no-case-declarations': 'error',
      'no-cond-assign': 'error',
      'no-debugger': 'error',
      'no-empty': ['error', { allowEmptyCatch: true }],
      'no-irregular-whitespace': 'error',
      'no-misleading-character-class': 'error',
      'no-sparse-arrays': 'error',
      'no-template-curly-in-string': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-catch': 'error',
      'no-useless-escape': 'error',
      'no-unreachable-loop': 'error',
      'no-constant-binary-expression': 'error',
      semi: ['error', 'never'],
      quotes: ['error', 'single', { avoidEscape: true, allowTemplateLiterals: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-unused-expressions': ['error', { allowTernary: true, allowShortCircuit: true }],
      // An empty function is a listener that does nothing; a static class or an empty interface says something.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off'
    }
  },
  {
    name: 'layerscope/promises',
    files: ['{main,preload,renderer,tests}/**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { project: ['./tsconfig.node.json', './tsconfig.web.json', './tsconfig.e2e.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
      // `throw signal.reason`: its type is any.
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
    }
  },
  {
    name: 'layerscope/page',
    files: ['renderer/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      // A field's draft that follows its value is such an effect.
      'react-hooks/set-state-in-effect': 'off',
      'no-restricted-syntax': ['error', ...noMarkup],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'require', 'global', '__dirname', '__filename']
    }
  },
  {
    name: 'layerscope/tests',
    files: ['tests/**/*.{ts,tsx}'],
    // A test that is wrong about it fails.
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' }
  },
  {
    name: 'layerscope/folders',
    files: ['{main,preload,renderer}/**/*.{ts,tsx}'],
    plugins: { layerscope: { rules: { 'folder-directions': folderDirections } } },
    rules: { 'layerscope/folder-directions': ['error', { root: import.meta.dirname, parts }] }
  }
)
