"""The structural probes of Hewitt & Manning in PyTorch, on what the benchmark wrote: the same schedule, split and measure as ours.

python structural-probe.py FOLDER: reads words.safetensors (features [words, columns]) and treebank.json (starts, heads, punctuation, part),
prints one line of JSON: seconds of training, UUAS on the test sentences.
"""
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from scipy.sparse.csgraph import minimum_spanning_tree, shortest_path

folder = Path(sys.argv[1])
features = torch.tensor(load_file(folder / "words.safetensors")["activations"])
treebank = json.loads((folder / "treebank.json").read_text())
starts, heads, punctuation, part = (np.array(treebank[name]) for name in ("starts", "heads", "punctuation", "part"))
random = torch.Generator().manual_seed(0)

# Every feature in units of its root mean square over the training words, as ours.
training_words = np.concatenate([np.arange(starts[s], starts[s + 1]) for s in np.flatnonzero(part == 0)])
scale = features[training_words].pow(2).mean(0).sqrt()
features = features / torch.where(scale > 0, scale, torch.ones(()))


def gold(sentence):
    own = heads[starts[sentence]:starts[sentence + 1]]
    graph = np.zeros((len(own), len(own)))
    graph[np.flatnonzero(own >= 0), own[own >= 0]] = 1
    distances = shortest_path(graph, directed=False)
    return torch.tensor(distances, dtype=torch.float32), torch.tensor(distances[int(np.flatnonzero(own < 0)[0])], dtype=torch.float32)


trees = [gold(sentence) for sentence in range(len(part))]


def batches(sentences, size=20):
    for at in range(0, len(sentences), size):
        own = sentences[at:at + size]
        longest = max(starts[s + 1] - starts[s] for s in own)
        words = torch.zeros(len(own), longest, features.shape[1])
        distances, depths, mask = torch.zeros(len(own), longest, longest), torch.zeros(len(own), longest), torch.zeros(len(own), longest)
        for i, s in enumerate(own):
            n = starts[s + 1] - starts[s]
            words[i, :n], distances[i, :n, :n], depths[i, :n], mask[i, :n] = features[starts[s]:starts[s + 1]], trees[s][0], trees[s][1], 1
        yield words, distances, depths, mask


def loss(kind, weights, batch):
    words, distances, depths, mask = batch
    projected, lengths = words @ weights.T, mask.sum(1)
    if kind == "distance":
        own = (projected[:, :, None] - projected[:, None]).pow(2).sum(-1)
        return (((own - distances).abs() * mask[:, :, None] * mask[:, None]).sum((1, 2)) / lengths**2).mean()
    return (((projected.pow(2).sum(-1) - depths).abs() * mask).sum(1) / lengths).mean()


def train(kind, rank=64):
    size = rank * features.shape[1]
    weights = ((2 * torch.rand(rank, features.shape[1], generator=random) - 1) * (3 / size) ** 0.5).requires_grad_()
    rate, best, kept = 1e-3, float("inf"), None
    optimiser = torch.optim.Adam([weights], rate)
    training, validation = np.flatnonzero(part == 0), np.flatnonzero(part == 1)
    for _ in range(40):
        for batch in batches(training[torch.randperm(len(training), generator=random).numpy()]):
            optimiser.zero_grad()
            loss(kind, weights, batch).backward()
            optimiser.step()
        with torch.no_grad():
            own = sum(loss(kind, weights, batch).item() * len(batch[0]) for batch in batches(validation)) / len(validation)
        if own < best - 1e-4:
            best, kept = own, weights.detach().clone()
            continue
        rate *= 0.1
        if rate < 0.99e-6:
            break
        optimiser = torch.optim.Adam([weights], rate)
    return kept


began = time.perf_counter()
distance, depth = train("distance"), train("depth")
seconds = time.perf_counter() - began

right = total = roots = rooted = 0
for sentence in np.flatnonzero(part == 2):
    words = features[starts[sentence]:starts[sentence + 1]]
    own, kept = heads[starts[sentence]:starts[sentence + 1]], np.flatnonzero(punctuation[starts[sentence]:starts[sentence + 1]] == 0)
    projected = words[kept] @ distance.T
    between = (projected[:, None] - projected[None]).pow(2).sum(-1).double().numpy()
    a, b = minimum_spanning_tree(between).nonzero()
    predicted = {frozenset((int(kept[i]), int(kept[j]))) for i, j in zip(a, b)}
    arcs = {frozenset((int(word), int(own[word]))) for word in kept if own[word] >= 0 and own[word] in kept}
    right, total = right + len(arcs & predicted), total + len(arcs)
    if len(kept) > 0:
        roots, rooted = roots + 1, rooted + int(own[kept[int((words[kept] @ depth.T).pow(2).sum(-1).argmin())]] == -1)
print(json.dumps({"seconds": seconds, "uuas": right / total, "rootAccuracy": rooted / roots}))
