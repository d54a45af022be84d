/** Gradients of a generated graph's output, as another graph. */
export { COTANGENT, GRADIENT, gradientOf } from './gradient-graph'
