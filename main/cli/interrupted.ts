/** Thrown by a command that was interrupted and has already told what it kept: nothing more is to be said. */
export class Interrupted extends Error {}
