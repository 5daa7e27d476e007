# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a model bundle costs, from its files, and the table of scripts/model-table.sh.

    model_table.py precisions BUNDLE
    model_table.py table [BUNDLE PRECISION RESULTS]...

RESULTS is how the files of a row begin: RESULTS-flickr8k.json, -everyday.json, -bench.json.
"""
import functools
import json
import math
import operator
import os
import struct
import sys

WEIGHTS = {"int8": "model-int8.safetensors"}  # the other precisions are made of the master file
MASTER = "model.safetensors"
SETS = (("Flickr8k", "flickr8k"), ("everyday", "everyday"))
SCORES = (("CIDEr-D", "cider_d", 3), ("untrue", "untrue", 3), ("named", "named", 3), ("repeated", "repeated", 3))
# The classifier of tags looks at the whole picture and at its four quarters.
TAG_WINDOWS = 5


def product(numbers):
    return functools.reduce(operator.mul, numbers, 1)


def read_config(bundle):
    with open(os.path.join(bundle, "config.json"), encoding="utf-8") as stream:
        return json.load(stream)


def weight_file(precision):
    return WEIGHTS.get(precision, MASTER)


def bundle_bytes(bundle, precision):
    """Of all files that are read for a precision: no card, no weights of another."""
    unread = {"README.md", MASTER, *WEIGHTS.values()} - {weight_file(precision)}
    return sum(os.path.getsize(os.path.join(bundle, name)) for name in os.listdir(bundle) if name not in unread)


def read_shapes(bundle, precision):
    """Shapes by name, from the header of a safetensors file."""
    with open(os.path.join(bundle, weight_file(precision)), "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    return {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}


def parameters(shapes):
    """Weights and biases; not the scales of quantized ones."""
    return sum(product(shape) for name, shape in shapes.items() if name.endswith((".weight", ".bias")))


def multiply_adds(config, shapes):
    """Multiply-adds for a picture before its first word, and for each word of greedy search."""

    def size(layer):
        return product(shapes.get(layer + ".weight", [0]))

    # Each value of a convolution's output takes as many as its kernel has, so a layer takes its
    # weights times the places of its output. Stride 2 rounds up.
    width, height = (math.ceil(config["input"][side] / 2) for side in ("width", "height"))
    picture = size("encoder.stem") * width * height
    architecture = config["architecture"]
    for i, block in enumerate(architecture["encoder"]["blocks"]):
        name = f"encoder.blocks.{i}"
        picture += size(name + ".expand") * width * height
        width, height = (math.ceil(side / block["stride"]) for side in (width, height))
        picture += (size(name + ".depthwise") + size(name + ".project")) * width * height
    places = width * height
    tag_cells = architecture.get("tags", {}).get("cells", 0)
    cells = places + tag_cells
    picture += (size("encoder.head") + size("decoder.feature")) * places
    picture += size("decoder.attention_feature") * cells + size("decoder.initial")
    picture += size("tags") * TAG_WINDOWS + size("decoder.tag") * tag_cells

    word = size("decoder.attention_score") * cells + architecture["decoder"]["feature_size"] * cells
    for layer in ("attention_state", "gate", "gru_input", "gru_state", "output", "embedding"):
        word += size("decoder." + layer)
    return picture, word


def read_results(path):
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def row(bundle, precision, results):
    config = read_config(bundle)
    shapes = read_shapes(bundle, precision)
    picture, word = multiply_adds(config, shapes)
    bench = read_results(results + "-bench.json")
    caption_ms = next(entry["p50_ms"] for entry in bench["results"] if entry["name"] == "caption")
    cells = [config["name"], precision, f"{bundle_bytes(bundle, precision):,}", f"{parameters(shapes):,}",
             f"{picture / 1e6:.1f} + {word / 1e6:.2f}"]
    for _, name in SETS:
        scores = read_results(f"{results}-{name}.json")
        cells.append(f"{scores['bleu'][3]:.1f}")
        cells += [f"{scores[key]:.{digits}f}" for _, key, digits in SCORES]
    return cells + [f"{caption_ms:.1f}", f"{bench['memory']['peak_mb']:.0f}"], bench


def print_table(rows):
    heads = ["bundle", "precision", "bytes", "parameters", "10⁶ multiply-adds, picture + each word"]
    for title, _ in SETS:
        heads += [f"{title} {score}" for score in ["BLEU-4"] + [name for name, _, _ in SCORES]]
    heads += ["ms a caption", "peak MB"]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for cells, _ in rows:
        print(f"| {' | '.join(cells)} |")
    if rows:
        machine = rows[0][1]["machine"]
        print(f"\nMilliseconds (median, greedy search) and memory by `jetsoncaption bench` on {machine['cpu']}, "
              f"{machine['cores']} cores, threads: {rows[0][1]['results'][0]['threads']}.")


def main(arguments):
    command, *rest = arguments or ["help"]
    if command == "precisions" and len(rest) == 1:
        print(",".join(read_config(rest[0])["precisions"]))
    elif command == "table" and len(rest) % 3 == 0:
        print_table([row(*rest[i:i + 3]) for i in range(0, len(rest), 3)])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
