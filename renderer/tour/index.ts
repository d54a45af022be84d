/** The guided tour. */
export { Tour } from './Tour'
