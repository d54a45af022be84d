/** What holds the views together. */
export { DropTarget } from './DropTarget'
export { Notices } from './Notices'
export { StatusBar } from './StatusBar'
export { TitleLine } from './TitleLine'
export { Workbench } from './Workbench'
