import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { themeSchema } from '../preload/host-calls'
import { writeFileAtomically } from './engine/atomic-file'

const boundsSchema = z.object({ x: z.int().optional(), y: z.int().optional(), width: z.int().min(200), height: z.int().min(200), maximized: z.boolean().default(false) })

/** What is remembered between starts. A field of another shape falls back to its default by itself. */
const settingsSchema = z.object({
  version: z.literal(1).catch(1),
  window: boundsSchema.nullable().catch(null),
  layout: z.record(z.string(), z.unknown()).catch({}),
  recent: z.array(z.object({ path: z.string(), name: z.string(), openedAt: z.string() })).catch([]),
  /** Folders to look for models in, beside the usual ones. */
  modelFolders: z.array(z.string().min(1)).catch([]),
  theme: themeSchema.catch('system')
})
export type Settings = z.infer<typeof settingsSchema>

const recentKept = 12

/** The settings file: read once, written a moment after the last change. */
export class SettingsFile {
  private timer: NodeJS.Timeout | null = null
  private writing: Promise<void> = Promise.resolve()

  private constructor(private readonly file: string, private value: Settings) {}

  /** A file that is missing or damaged starts afresh: settings are never worth refusing to start for. */
  static async open(file: string): Promise<SettingsFile> {
    let saved: unknown = {}
    try {
      saved = JSON.parse(await readFile(file, 'utf8'))
    } catch {
      // Missing at the first start; unreadable after a crash of another program that wrote it.
    }
    const parsed = settingsSchema.safeParse(saved)
    return new SettingsFile(file, parsed.success ? parsed.data : settingsSchema.parse({}))
  }

  get(): Settings {
    return this.value
  }

  change(change: Partial<Settings>): void {
    this.value = { ...this.value, ...change }
    this.timer ??= setTimeout(() => void this.flush(), 300)
  }

  /** Puts a session at the top of the recent list. */
  remember(path: string, name: string, openedAt: string): void {
    const others = this.value.recent.filter((entry) => entry.path !== path)
    this.change({ recent: [{ path, name, openedAt }, ...others].slice(0, recentKept) })
  }

  forget(path: string): void {
    this.change({ recent: this.value.recent.filter((entry) => entry.path !== path) })
  }

  /** Writes what has changed; settles when it is on disk. A full disk loses settings, not the session. */
  flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    const text = `${JSON.stringify(this.value, null, 2)}\n`
    this.writing = this.writing.then(() => this.write(text)).catch((error: unknown) => console.error('Settings could not be written:', error))
    return this.writing
  }

  private async write(text: string): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true })
    await writeFileAtomically(this.file, text)
  }
}
