export { cholesky, inverseOfFactor, type Cholesky } from './cholesky'
export { openDoubleProducts, type DoubleProducts } from './double-products'
export { symmetricEigen, tridiagonalise } from './tridiagonal'
