import { execFileSync } from 'node:child_process'
import { basename, dirname } from 'node:path'

const PROGRAM = `
import csv, sys, time, torch
from transformers import AutoTokenizer, LlamaConfig, LlamaModel, logging
logging.set_verbosity_error()
folder, file, data, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
# Loading the weights of a GGUF file takes one more package; the time of a pass does not depend on them.
model = LlamaModel(LlamaConfig(hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, intermediate_size=1536, vocab_size=49152)).eval()
tokenizer.pad_token = tokenizer.eos_token; tokenizer.padding_side = 'right'
rows = [row['statement'] for row in csv.DictReader(open(data))][:count]
started = time.time()
with torch.no_grad():
    for at in range(0, len(rows), 32):
        batch = tokenizer(rows[at:at + 32], return_tensors='pt', padding=True)
        hidden = model(**batch, output_hidden_states=True).hidden_states
        last = batch['attention_mask'].sum(1) - 1
        torch.stack([layer[torch.arange(len(last)), last] for layer in hidden], 1).numpy()
print(len(rows) / (time.time() - started))
`

/** Rows per second of transformers through a Llama of SmolLM2-135M's shape: all hidden states, last token, the first `rows` statements in batches of 32. */
export function transformersRowsPerSecond(python: string, gguf: string, csv: string, rows: number): number {
  return Number(execFileSync(python, ['-c', PROGRAM, dirname(gguf), basename(gguf), csv, String(rows)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
}
