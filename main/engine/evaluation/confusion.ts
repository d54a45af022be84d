/** Counts of rows by true class (row) and predicted class (column), [classes, classes] row by row, as scikit-learn's `confusion_matrix`. */
export function confusionMatrix(actual: Int32Array, predicted: Int32Array, classes: number): Int32Array {
  const counts = new Int32Array(classes * classes)
  for (let row = 0; row < actual.length; row++) {
    const at = (actual[row] as number) * classes + (predicted[row] as number)
    counts[at] = (counts[at] as number) + 1
  }
  return counts
}
