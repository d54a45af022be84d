export { HELD_OUT_FILE, RunFolder, SWEEP_FILE, sweepSchema, type RunKeys } from './run-folder'
export { HeldOutFile, readHeldOut } from './held-out'
export { readRecipe, writeRecipe } from './recipe-file'
export { Session, SESSION_ENDING, type Reference, type SessionChange } from './session'
