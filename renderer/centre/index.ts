export { Centre } from './Centre'
