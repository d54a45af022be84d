import { Command, CommanderError, Option } from 'commander'
import { probeTaskSchema } from '../../preload/recipe'
import { errorReport, LayerscopeError } from '../engine/errors'
import { collect, numberBetween, parseNames, parsePositionList, parsePositions, wholeNumber } from './arguments'
import { codeLength } from './commands/code-length'
import { compare, type CompareOptions } from './commands/compare'
import { eraseLabel, type EraseOptions } from './commands/erase'
import { extract, type ExtractOptions } from './commands/extract'
import { generate, type GenerateOptions } from './commands/generate'
import { gradient, type GradientOptions } from './commands/gradient'
import { info } from './commands/info'
import { models } from './commands/models'
import { positions, type PositionsOptions } from './commands/positions'
import { probe, type ProbeOptions } from './commands/probe'
import { project, type ProjectOptions } from './commands/project'
import { providers } from './commands/providers'
import { report, type ReportOptions } from './commands/report'
import { run, type RunOptions } from './commands/run'
import { similarity, type SimilarityOptions } from './commands/similarity'
import { trace, type TraceOptions } from './commands/trace'
import { transfer, type TransferOptions } from './commands/transfer'
import { Interrupted } from './interrupted'
import type { SweptSitesOptions } from './swept-sites'
import { Terminal } from './terminal'

/** What a process ends with. */
export const exitCodes = { success: 0, failure: 1, badArguments: 2, badInput: 3, cancelled: 4 } as const

/** Codes of errors that are neither the person's arguments nor their files. */
const FAILURES = new Set(['internal', 'disk-full', 'file-too-large'])

/** Runs one command line (without `node` and the script) and returns its exit code. */
export async function runCommandLine(args: readonly string[], signal: AbortSignal): Promise<number> {
  const json = args.includes('--json')
  const terminal = new Terminal(json)
  try {
    await program(terminal, signal).parseAsync([...args], { from: 'user' })
    return exitCodes.success
  } catch (error) {
    if (error instanceof Interrupted) return exitCodes.cancelled
    if (error instanceof CommanderError) return usageError(error, terminal)
    // Work that was cut off by the signal fails in its own words, or with the signal's.
    const report = signal.aborted && !(error instanceof LayerscopeError) ? { code: 'cancelled', message: 'Cancelled.' } : errorReport(error)
    terminal.fail(report)
    if (report.code === 'internal' && !json && error instanceof Error) console.error(error.stack)
    return exitCodeOf(report.code)
  }
}

/** 2 for arguments that are wrong by themselves, 3 where it took the model, data or session to see what is wrong. */
function exitCodeOf(code: string): number {
  if (code === 'cancelled') return exitCodes.cancelled
  if (code === 'arguments-invalid') return exitCodes.badArguments
  return FAILURES.has(code) ? exitCodes.failure : exitCodes.badInput
}

function usageError(error: CommanderError, terminal: Terminal): number {
  if (error.exitCode === 0) return exitCodes.success
  const message = error.message.replace(/^error: /, '')
  if (error.code !== 'commander.help') terminal.fail({ code: 'arguments-invalid', message: `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.?!]$/.test(message) ? '' : '.'}`, hint: 'See layerscope --help, or layerscope COMMAND --help.' })
  else if (terminal.json) terminal.fail({ code: 'arguments-invalid', message: 'No command was given.', hint: 'See layerscope --help.' })
  return exitCodes.badArguments
}

function program(terminal: Terminal, signal: AbortSignal): Command {
  const layerscope = new Command('layerscope')
    .description('See layer by layer what a local transformer model represents.')
    .exitOverride()
    // Errors are told by the terminal, in the form that was asked for; help goes where it is read.
    .configureOutput({ writeOut: text => process.stdout.write(text), writeErr: text => { if (!terminal.json && !text.startsWith('error:')) process.stderr.write(text) } })
  const command = (usage: string, description: string): Command =>
    layerscope.command(usage).description(description).option('--json', 'print one JSON document on stdout and nothing else')
      .allowExcessArguments(false).copyInheritedSettings(layerscope)

  command('info <model>', 'open a model (file or folder) and run its self-tests')
    .action(async (model: string) => { await info(model, terminal, signal) })

  command('trace <model>', 'one batch through the model, every asked site whole')
    .option('--text <text>', 'a text; may be given several times', collect)
    .option('--ids <file>', 'a safetensors file with input_ids and attention_mask')
    .option('--sites <patterns>', 'comma-separated globs such as blocks.*.hook_resid_post; all sites when left out')
    .requiredOption('--out <file>', 'safetensors file to write')
    .action(async (model: string, options: TraceOptions) => {
      if ((options.text === undefined) === (options.ids === undefined)) throw badArguments('trace needs either --text or --ids.')
      await trace(model, options, terminal, signal)
    })

  command('extract <model> <data>', 'stream activations of a dataset\'s texts to disk; goes on where an earlier call stopped')
    .option('--text <column>', 'the column that holds the texts')
    .option('--template <text>', 'a text with {column} in it')
    .option('--positions <which>', 'last (the default), last-N, first, first+N, mean, all, word or span:COLUMN; word for a dataset of words', parsePositions)
    .addOption(new Option('--rows <which>', 'what a row of a CoNLL-U file is; words when left out').choices(['words', 'sentences']))
    .option('--sites <patterns>', 'comma-separated globs; embedding, blocks and final norm when left out')
    .addOption(new Option('--dtype <type>', 'precision on disk').choices(['f32', 'f16']).default('f32'))
    .option('--provider <name>', 'execution provider', 'cpu')
    .option('--batch-tokens <n>', 'padded tokens in one batch', wholeNumber(1))
    .option('--limit <n>', 'only the first rows', wholeNumber(1))
    .requiredOption('--out <folder>', 'folder to write to')
    .action(async (model: string, data: string, options: ExtractOptions) => {
      if (options.text !== undefined && options.template !== undefined) throw badArguments('extract takes either --text or --template.')
      await extract(model, data, options, terminal, signal)
    })

  command('probe <folder>', 'a sweep of probes with controls over extracted activations')
    .option('--label <column>', 'the column that is predicted; not for trees')
    .option('--also <column>', 'a further column of numbers predicted together with it, such as longitude beside latitude; may be given several times', collect)
    .addOption(new Option('--task <task>', 'what is predicted; auto goes by the label\'s column, tree takes the parse of a treebank').choices(probeTaskSchema.options).default('auto'))
    .option('--group <column>', 'rows that share its value stay in one fold')
    .addOption(new Option('--split <which>', 'folds of whole groups, or every group held out by itself').choices(['folds', 'leave-one-group-out']).default('folds'))
    .option('--methods <names>', 'comma-separated; the task\'s own when left out', parseNames, [])
    .option('--sites <patterns>', 'comma-separated globs; every extracted site when left out')
    .option('--folds <n>', 'folds of the cross-validation', wholeNumber(2, 50), 5)
    .option('--strengths <n>', 'strengths of regularisation tried', wholeNumber(1, 50), 10)
    .option('--seed <n>', 'of folds and shuffles', wholeNumber(0), 0)
    .option('--test <column>', 'a column that marks the test rows')
    .option('--pair <column>', 'the two rows of a contrast pair share its value')
    .option('--polarity <column>', 'affirmative (1, true) or negated (-1, 0, false)')
    .option('--topic <column>', 'the dataset or topic a row comes from')
    .action(async (folder: string, options: ProbeOptions) => {
      if (options.label === undefined && options.task !== 'tree') throw badArguments('probe needs --label, or --task tree.')
      await probe(folder, options, terminal, signal)
    })

  command('transfer <folders...>', 'train on the activations of each folder, test on those of every other')
    .requiredOption('--label <column>', 'the column that is predicted')
    .option('--group <column>', 'rows that share its value are never trained and tested on together')
    .option('--method <name>', 'of the probe', 'logistic')
    .option('--sites <patterns>', 'comma-separated globs; every site that all folders have when left out')
    .option('--folds <n>', 'folds of the cross-validation', wholeNumber(2, 50), 5)
    .option('--strengths <n>', 'strengths of regularisation tried', wholeNumber(1, 50), 10)
    .option('--seed <n>', 'of folds and shuffles', wholeNumber(0), 0)
    .option('--test <column>', 'a column that marks the test rows')
    .option('--pair <column>', 'the two rows of a contrast pair share its value')
    .option('--polarity <column>', 'affirmative (1, true) or negated (-1, 0, false)')
    .option('--topic <column>', 'the dataset or topic a row comes from')
    .action(async (folders: readonly string[], options: TransferOptions) => {
      if (folders.length < 2) throw badArguments('transfer needs at least two folders.')
      await transfer(folders, options, terminal, signal)
    })

  command('similarity <folder> [other]', 'linear CKA between the sites of extracted activations, or of two such folders over one dataset')
    .option('--sites <patterns>', 'comma-separated globs; every extracted site when left out')
    .action(async (folder: string, other: string | undefined, options: SimilarityOptions) => { await similarity(folder, other, options, terminal, signal) })

  command('project <folder>', 'two coordinates a row')
    .requiredOption('--site <name>', 'the site to project')
    .addOption(new Option('--method <name>', 'umap or pca').choices(['umap', 'pca']).default('umap'))
    .option('--neighbors <n>', 'UMAP\'s neighbourhood', wholeNumber(2, 200), 15)
    .option('--min-dist <d>', 'UMAP\'s least distance', numberBetween(0, 1), 0.1)
    .option('--epochs <n>', 'UMAP\'s epochs; its own choice by size when left out', wholeNumber(1))
    .option('--seed <n>', 'of the layout', wholeNumber(0), 0)
    .requiredOption('--out <file>', 'Parquet file to write')
    .action(async (folder: string, options: ProjectOptions) => { await project(folder, options, terminal, signal) })

  command('run <recipe>', 'everything a recipe asks for, into a session')
    .option('--out <folder>', 'the session; NAME.layerscope in the current folder when left out')
    .addOption(new Option('--projections <which>', 'layers that are projected').choices(['chosen', 'all', 'none']).default('chosen'))
    .option('--positions <list>', 'also at these positions of the texts, as the command positions', parsePositionList)
    .action(async (recipe: string, options: RunOptions) => { await run(recipe, options, terminal, signal) })

  command('positions <session>', 'at which token: the probes of a finished run at other positions of its texts, all in one pass, on the same folds')
    .option('--positions <list>', 'comma-separated: last, last-N, first, first+N, mean, span:COLUMN, or a range last-1..last-8; what was read before when left out', parsePositionList)
    .option('--run <name>', 'the last finished run when left out')
    .option('--method <name>', 'the method of the table; that of the chosen site when left out')
    .action(async (folder: string, options: PositionsOptions) => { await positions(folder, options, terminal, signal) })

  command('report <folder>', 'a methods card, tables, a figure and a script that gives the number again, from a session or from probed activations')
    .option('--run <name>', 'of a session; its last finished run when left out')
    .requiredOption('--out <folder>', 'folder to write to')
    .option('--site <name>', 'the site; the one that validation chose when left out')
    .option('--method <name>', 'the method; the one that validation chose when left out')
    .action(async (folder: string, options: ReportOptions) => { await report(folder, options, terminal, signal) })

  command('compare <folder>', 'two sites or methods of a finished sweep on the same held-out rows: difference, interval and test')
    .option('--run <name>', 'of a session; its last finished run when left out')
    .option('--site <name>', 'the first site; the one that validation chose when left out')
    .option('--method <name>', 'the first method; the one that validation chose when left out')
    .option('--to-site <name>', 'the second site; the one that validation chose when left out')
    .option('--to-method <name>', 'the second method; the one that validation chose when left out')
    .action(async (folder: string, options: CompareOptions) => { await compare(folder, options, terminal, signal) })

  command('code-length <folder>', 'how short a finished sweep\'s labels can be told at a site (minimum description length, online code)')
    .option('--run <name>', 'of a session; its last finished run when left out')
    .option('--sites <patterns>', 'comma-separated globs; the site that validation chose when left out')
    .action(async (folder: string, options: SweptSitesOptions) => { await codeLength(folder, options, terminal, signal) })

  command('erase <folder>', 'takes the label of a finished sweep out of a site by LEACE and INLP, and trains the probe again')
    .option('--run <name>', 'of a session; its last finished run when left out')
    .option('--sites <patterns>', 'comma-separated globs; the site that validation chose when left out')
    .option('--iterations <n>', 'most projections of INLP', wholeNumber(1, 1000), 20)
    .action(async (folder: string, options: EraseOptions) => { await eraseLabel(folder, options, terminal, signal) })

  command('generate <model>', 'continue a prompt token by token')
    .requiredOption('--prompt <text>', 'the text to continue')
    .option('--max-tokens <n>', 'most tokens to generate', wholeNumber(1), 32)
    .option('--temperature <t>', '0 takes the most probable token', numberBetween(0, 100), 0)
    .option('--top-p <share>', 'only the most probable tokens that together reach this share', numberBetween(0, 1), 1)
    .option('--seed <n>', 'of the sampling', wholeNumber(0), 0)
    .option('--fast', 'let block-quantised matrices round activations to eight bits, as llama.cpp does')
    .option('--chat', 'the prompt is a user message in the model\'s chat template')
    .action(async (model: string, options: GenerateOptions) => { await generate(model, options, terminal, signal) })

  command('gradient <model>', 'the gradient of an expression of the output with respect to a site')
    .option('--text <text>', 'a text; may be given several times', collect)
    .option('--ids <file>', 'a safetensors file with input_ids and attention_mask')
    .requiredOption('--of <expression>', 'logit:TOKEN@POS, or logits·FILE with a tensor cotangent shaped as the logits (encoders: as the last block)')
    .requiredOption('--wrt <site>', 'the site')
    .requiredOption('--out <file>', 'safetensors file to write')
    .action(async (model: string, options: GradientOptions) => {
      if ((options.text === undefined) === (options.ids === undefined)) throw badArguments('gradient needs either --text or --ids.')
      await gradient(model, options, terminal, signal)
    })

  command('models', 'what is found on this machine: Hugging Face, LM Studio, Ollama')
    .option('--folder <path>', 'another folder to look through; may be given several times', collect)
    .action(async ({ folder }: { readonly folder?: readonly string[] }) => { await models(folder ?? [], terminal) })

  command('providers', 'what this machine can run models on')
    .action(async () => { await providers(terminal) })

  return layerscope
}

function badArguments(message: string): LayerscopeError {
  return new LayerscopeError({ code: 'arguments-invalid', message, hint: 'See layerscope COMMAND --help.' })
}
