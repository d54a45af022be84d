import { z } from 'zod'

/** An `ErrorReport` as it is kept. */
export const errorReportSchema = z.object({
  code: z.string(), message: z.string(), file: z.string().exactOptional(), row: z.number().exactOptional(),
  field: z.string().exactOptional(), hint: z.string().exactOptional()
})
