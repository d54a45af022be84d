/**
 * An ESLint rule that keeps the folders' directions: which part of the house may import which.
 * The parts and their directions are given in eslint.config.js; the first part that matches a file is the file's.
 */
import { isBuiltin } from 'node:module'
import { posix, relative, sep } from 'node:path'

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {readonly string[]} folders relative to the checkout: `main/engine/models/` is all below it, `main/*` the files directly in it, `main/engine/index` that file
 * @property {readonly string[]} imports names of the parts it may import
 * @property {readonly string[]} [doors] file names (without extension) through which other parts come in; all when left out
 * @property {readonly string[]} [packages] kinds of packages it may not import: `electron`, `node`
 * @property {string} why said with every refusal
 *
 * @typedef {{ root: string, parts: readonly Part[] }} Options
 */

/** @type {import('eslint').Rule.RuleModule} */
export const folderDirections = {
  meta: {
    type: 'problem',
    docs: { description: 'Folders import each other in the directions of the architecture only, through their index.' },
    schema: [{ type: 'object' }],
    messages: {
      package: '{{from}} may not import {{source}}. {{why}}',
      direction: '{{from}} may not import {{to}} ({{path}}). {{why}}',
      door: '{{from}} reaches into {{to}} ({{path}}): import from {{doors}} of that folder.',
      nowhere: '{{path}} belongs to no part of the house: name its folder in eslint.config.js.'
    }
  },
  create(context) {
    const { root, parts } = /** @type {Options} */ (context.options[0])
    const file = relative(root, context.filename).split(sep).join('/')
    const from = partOf(file, parts)
    if (from === undefined) {
      return isProduct(file) ? { Program: (node) => context.report({ node, messageId: 'nowhere', data: { path: file } }) } : {}
    }

    /**
     * @param {import('eslint').Rule.Node} node
     * @param {unknown} source
     */
    const check = (node, source) => {
      if (typeof source !== 'string') return
      const specifier = source.replace(/[?#].*$/, '')
      if (!specifier.startsWith('.')) {
        const refused = from.packages?.some((kind) => (kind === 'node' ? isBuiltin(specifier) : specifier === kind || specifier.startsWith(`${kind}/`)))
        if (refused) context.report({ node, messageId: 'package', data: { from: from.name, source: specifier, why: from.why } })
        return
      }
      const path = posix.join(posix.dirname(file), specifier).replace(/\.(ts|tsx|js|mjs)$/, '')
      // A folder imported by its own name means its index.
      const to = parts.find(({ folders }) => folders.includes(`${path}/`)) ?? partOf(path, parts)
      if (to === from) return
      if (to === undefined) {
        if (isProduct(`${path}/`)) context.report({ node, messageId: 'nowhere', data: { path } })
        else if (/^(tests|scripts)\//.test(path)) context.report({ node, messageId: 'direction', data: { from: from.name, to: 'what only serves development', path, why: from.why } })
        return
      }
      if (!from.imports.includes(to.name)) {
        context.report({ node, messageId: 'direction', data: { from: from.name, to: to.name, path, why: from.why } })
      } else if (to.doors !== undefined && !to.doors.some((door) => isDoor(path, door, to))) {
        context.report({ node, messageId: 'door', data: { from: from.name, to: to.name, path, doors: to.doors.join(', ') } })
      }
    }

    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ImportExpression: (node) => check(node, 'value' in node.source ? node.source.value : undefined),
      // `import('…').Name` in a type, and `require('…')`.
      TSImportType: (/** @type {any} */ node) => check(node, node.source?.value ?? node.argument?.literal?.value),
      CallExpression: (node) => {
        const [argument] = node.arguments
        if (node.callee.type === 'Identifier' && node.callee.name === 'require' && argument?.type === 'Literal') check(node, argument.value)
      }
    }
  }
}

/**
 * @param {string} path without extension or with it
 * @param {readonly Part[]} parts
 */
function partOf(path, parts) {
  const bare = path.replace(/\.(ts|tsx|js|mjs|cjs|html|css)$/, '')
  return parts.find(({ folders }) => folders.some((folder) => {
    if (folder.endsWith('/')) return bare.startsWith(folder)
    return folder.endsWith('/*') ? posix.dirname(bare) === folder.slice(0, -2) : bare === folder
  }))
}

/**
 * Whether a path (without extension) is a door of a part: `main/engine/models`, `main/engine/models/index`, `…/open-model`.
 * @param {string} path
 * @param {string} door
 * @param {Part} part
 */
function isDoor(path, door, part) {
  return part.folders.some((folder) => path === `${folder}${door}` || (door === 'index' && `${path}/` === folder))
}

/** @param {string} path */
function isProduct(path) {
  return /^(main|preload|renderer)\//.test(path)
}
