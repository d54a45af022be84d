import { isAbsolute, resolve } from 'node:path'
import { RemediableError } from './remedy.mjs'

export const usage = `Opens Layerscope on its sample: npm run workbench -- [options]

  --sample[=ID]       the sample to run: atlas-truth (default), smollm2-truth, minilm-continents, minilm-capitals, minilm-latitude
  --open PATH         open a session, model, dataset or recipe instead of the sample
  --no-sample         open on the welcome screen
  --headless          run without a window, as where there is no display
  --out FOLDER        where a headless run saves its session (default: NAME.layerscope here)
  --screenshot F.png  open the window on a virtual display, save a picture of it, close it
  --no-sandbox        start without Chromium's sandbox`

/**
 * @typedef {object} Options
 * @property {string | null} sample id; null for none
 * @property {string | null} open absolute path
 * @property {string | null} out absolute path
 * @property {string | null} screenshot absolute path
 * @property {boolean} headless
 * @property {boolean} sandbox
 */

/**
 * @param {readonly string[]} args
 * @param {string} folder against which relative paths are meant
 * @returns {Options | 'help'}
 * @throws {RemediableError}
 */
export function parseArguments(args, folder) {
  /** @type {Options} */
  const options = { sample: 'atlas-truth', open: null, out: null, screenshot: null, headless: false, sandbox: true }
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? ''
    const equals = argument.indexOf('=')
    const name = equals < 0 ? argument : argument.slice(0, equals)
    const value = () => {
      const found = equals < 0 ? args[++at] : argument.slice(equals + 1)
      if (found === undefined || found === '') throw new RemediableError(`${name} needs a value.`, usage)
      return found
    }
    const path = () => {
      const given = value()
      return isAbsolute(given) ? given : resolve(folder, given)
    }
    switch (name) {
      case '--sample':
        if (equals >= 0) options.sample = value()
        break
      case '--no-sample': options.sample = null; break
      case '--open': options.open = path(); options.sample = null; break
      case '--out': options.out = path(); break
      case '--screenshot': options.screenshot = path(); break
      case '--headless': options.headless = true; break
      case '--no-sandbox': options.sandbox = false; break
      case '--help':
      case '-h': return 'help'
      default: throw new RemediableError(`There is no option ${argument}.`, usage)
    }
  }
  if (options.sample !== null && !/^[\w-]+$/.test(options.sample)) {
    throw new RemediableError(`${options.sample} is not the id of a sample.`, 'The samples are the folders of resources/samples.')
  }
  return options
}
