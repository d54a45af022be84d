import type { HeldOutScore } from './held-out-score'
import { pythonText } from './literal-text'

/** R² of the run comes from float32 predictions. */
const R2_TOLERANCE = 1e-5

/** A Python script (numpy and safetensors alone) that loads the exported arrays, computes the held-out score and compares it with `stated`. */
export function reproduceScript({ site, method, classes, targets, stated, score }: {
  readonly site: string; readonly method: string; readonly classes: readonly string[]; readonly targets: readonly string[]
  readonly stated: number; readonly score: HeldOutScore
}): string {
  const list = (names: readonly string[]): string => `[${names.map(pythonText).join(', ')}]`
  const head = [
    '"""Held-out score of an exported probe, computed again from the exported activations."""',
    'from pathlib import Path',
    '',
    'import numpy as np',
    'from safetensors.numpy import load_file',
    '',
    `SITE = ${pythonText(site)}`,
    `METHOD = ${pythonText(method)}`,
    score.kind === 'accuracy' ? `CLASSES = ${list(classes)}` : `TARGETS = ${list(targets)}`,
    `STATED = ${stated}`,
    '',
    'here = Path(__file__).resolve().parent',
    'x = load_file(here / "activations.safetensors")["activations"].astype(np.float64)  # [rows, width]',
    'probe = load_file(here / "direction.safetensors")',
    'weights, intercept = probe["weights"], probe["intercept"]  # [folds, outputs, width], [folds, outputs]',
    'fold, actual = probe["fold"], probe["actual"]  # the fold that held each row out, -1: none',
    '',
    'tested = np.flatnonzero(fold >= 0)',
    'outputs = np.stack([weights[fold[i]] @ x[i] + intercept[fold[i]] for i in tested])  # [tested, outputs]',
    ''
  ]
  const measured = score.kind === 'accuracy'
    ? [
      '# One output is the logit of class 1; several are one logit a class.',
      'predicted = (outputs[:, 0] > 0).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)',
      'right = int((predicted == actual[tested]).sum())',
      'accuracy = right / len(tested)',
      'print(f"{METHOD} at {SITE}: accuracy {accuracy:.6f} on {len(tested)} held-out rows; stated {STATED:.6f}")',
      ...score.differing === 0
        ? ['assert right == round(STATED * len(tested)), "the accuracy differs from the stated one"']
        : [
          '# Rows on the boundary that the run, which multiplies in float32, put on the other side.',
          `ON_THE_BOUNDARY = ${score.differing}`,
          'assert abs(right - round(STATED * len(tested))) <= ON_THE_BOUNDARY, "the accuracy differs from the stated one"'
        ]
    ]
    : [
      'y = actual[:, tested].T.astype(np.float64)  # [tested, targets]',
      'r2 = float(np.mean(1 - ((y - outputs) ** 2).sum(axis=0) / ((y - y.mean(axis=0)) ** 2).sum(axis=0)))',
      'print(f"{METHOD} at {SITE}: R2 {r2:.6f} on {len(tested)} held-out rows; stated {STATED:.6f}")',
      '# The run predicts in float32.',
      `assert abs(r2 - STATED) <= ${R2_TOLERANCE}, "R2 differs from the stated one"`
    ]
  return `${[...head, ...measured].join('\n')}\n`
}
