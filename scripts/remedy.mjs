/**
 * What can go wrong on the way to the window, each with its remedy.
 * Loaded before anything is installed: Node's own modules only, and no syntax newer than Node 18.
 */

/** A failure that a person can mend: `message` says what happened, `remedy` what to do. */
export class RemediableError extends Error {
  /**
   * @param {string} message
   * @param {string} remedy
   */
  constructor(message, remedy) {
    super(message)
    this.name = 'RemediableError'
    this.remedy = remedy
  }
}

/**
 * Prints a failure and its remedy; anything else is a defect and keeps its stack.
 * @param {unknown} error
 */
export function explain(error) {
  if (error instanceof RemediableError) console.error(`\n${error.message}\n${error.remedy}`)
  else console.error(error)
}

/** Debian packages that Electron and a virtual display need on a bare machine. */
export const debianPackages = [
  'xvfb', 'xauth', 'libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1', 'libxss1', 'libatk-bridge2.0-0', 'libxtst6',
  'fonts-liberation', 'fonts-dejavu-core'
]

/** The one command that installs `packages` on Debian and Ubuntu. */
export const aptCommand = (/** @type {readonly string[]} */ packages) => `apt-get install -y ${packages.join(' ')}`

/**
 * Why this Node cannot run the workbench; null when it can.
 * 20.19 and 22.12 are the first releases of their lines that the build tool supports; 21 never was.
 * @param {string} version as `process.versions.node` gives it
 * @returns {RemediableError | null}
 */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const enough = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 23
  if (enough) return null
  const needed = major === 21 || major === 22 ? 'Node 20.19, or 22.12 or newer,' : 'Node 20.19 or newer'
  return new RemediableError(`${needed} is needed; you have ${version}.`, 'Get it from nodejs.org, then run the same command again.')
}

/**
 * The remedy for what a program that cannot be started wrote: a shared library that is missing,
 * a sandbox that the system forbids, a display that cannot be opened. Null when the output names none of these.
 * @param {string} output of Electron
 * @returns {RemediableError | null}
 */
export function electronProblem(output) {
  const libraries = missingLibraries(output)
  if (libraries.length > 0) {
    return new RemediableError(
      `Electron needs ${libraries.length === 1 ? 'a shared library that is' : 'shared libraries that are'} not on this machine: ${libraries.join(', ')}.`,
      `On Debian or Ubuntu (as root): ${aptCommand(debianPackages)}`
    )
  }
  if (/SUID sandbox helper|No usable sandbox/.test(output)) {
    return new RemediableError(
      'This system does not let Chromium start its sandbox (user namespaces are restricted).',
      'Allow them (as root): sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 – or start without the sandbox: npm run workbench -- --no-sandbox'
    )
  }
  if (/Missing X server or \$DISPLAY|cannot open display|Unable to open X display/i.test(output)) {
    return new RemediableError(
      'The display cannot be opened.',
      'Unset DISPLAY to run the sample without a window, or let this user use the display (xhost, xauth).'
    )
  }
  return null
}

/**
 * Names of the shared libraries that the loader, or `ldd`, says are missing, each once.
 * @param {string} output of the program that could not start, or of `ldd`
 * @returns {string[]}
 */
export function missingLibraries(output) {
  const names = new Set()
  for (const match of output.matchAll(/error while loading shared libraries: ([^\s:]+)|^\s*(\S+) => not found/gm)) names.add(match[1] ?? match[2])
  return [...names]
}

/**
 * The remedy for a failed `npm ci` or `npm pack`.
 * @param {string} output what npm wrote
 * @param {string} command the npm command, for the message
 * @returns {RemediableError}
 */
export function npmProblem(output, command) {
  const failed = `\`${command}\` failed`
  if (/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR)\b|network/i.test(output)) {
    return new RemediableError(
      `${failed}: npm's registry cannot be reached.`,
      'Connect to the network and run again. Behind a proxy: npm config set proxy URL; with a mirror: npm config set registry URL.'
    )
  }
  if (/\b(ENOSPC|EDQUOT)\b/.test(output)) return new RemediableError(`${failed}: the disk is full.`, 'Free about 2 GB and run again.')
  if (/\b(EACCES|EPERM)\b/.test(output)) {
    return new RemediableError(`${failed}: files may not be written.`, 'Make this folder and npm\'s cache (npm config get cache) belong to you, or remove node_modules, and run again.')
  }
  if (/\bEINTEGRITY\b/.test(output)) return new RemediableError(`${failed}: a downloaded package is damaged.`, 'Run `npm cache clean --force` and try again.')
  if (/\bEUSAGE\b|in sync/.test(output)) {
    return new RemediableError(`${failed}: package.json and package-lock.json disagree.`, 'Run `npm install` once and commit the lock file, or `git checkout package.json package-lock.json`.')
  }
  return new RemediableError(`${failed}:\n${lastLines(output, 12)}`, 'Read npm\'s message above; removing node_modules and running again often helps.')
}

/**
 * @param {string} text
 * @param {number} count
 */
export function lastLines(text, count) {
  return text.trim().split('\n').slice(-count).join('\n')
}
