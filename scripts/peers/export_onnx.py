# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the network of a bundle as two ONNX graphs, so that ONNX Runtime can compute the same captions.

    export_onnx.py BUNDLE FOLDER

FOLDER/picture.onnx is what is done once a picture: rgb uint8 [1, H, W, 3] -> features [1, P, F], keys [1, P, A] and
hidden [1, H] for the words, and tag_words, tag_probabilities [cells] (only of a model that has tags).
FOLDER/word.onnx is one step of the decoder: word int64 [1], features, keys, hidden -> log_probabilities [1, V],
next_hidden. All in fp32, from the master file, as src/torch/network.cpp computes it.
Needs Debian's python3-numpy and python3-onnx.
"""
import json
import os
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    sys.exit(f"export_onnx.py: {missing}; install Debian's python3-numpy and python3-onnx "
             "and run it with /usr/bin/python3.")

OPSET = 17  # ONNX 1.12
IR_VERSION = 8
NUMBERS = {"F32": np.float32, "F16": np.float16}


def read_weights(path):
    """Tensors by name, as fp32, of a safetensors file."""
    with open(path, "rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
        data = stream.read()
    weights = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        numbers = np.frombuffer(data[begin:end], NUMBERS[entry["dtype"]])
        weights[name] = numbers.reshape(entry["shape"]).astype(np.float32)
    return weights


class Graph:
    """Nodes and constants of one graph; a tensor goes by its name."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes, self.constants, self.known = [], [], set()

    def constant(self, name, values, kind=np.float32):
        if name not in self.known:
            self.known.add(name)
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, kind), name))
        return name

    def integers(self, *values):
        return self.constant("i_" + "_".join(map(str, values)), values, np.int64)

    def number(self, value):
        return self.constant(f"f_{value}", np.array(value))

    def weight(self, name):
        return self.constant(name, self.weights[name])

    def add(self, kind, *inputs, output=None, outputs=1, **attributes):
        results = [f"{kind}_{len(self.nodes)}_{i}" for i in range(outputs)]
        if output:
            results[0] = output
        self.nodes.append(helper.make_node(kind, inputs, results, **attributes))
        return results[0] if outputs == 1 else results

    def linear(self, x, layer, bias=True):
        """x [..., in] -> [..., out]. Transposed here: MatMul multiplies by what lies in rows."""
        product = self.add("MatMul", x, self.constant(layer + ".transposed", self.weights[layer + ".weight"].T))
        return self.add("Add", product, self.weight(layer + ".bias")) if bias else product

    def relu6(self, x):
        return self.add("Clip", x, self.number(0.0), self.number(6.0))

    def convolve(self, x, layer, stride=1, groups=1):
        """Padded as TensorFlow's SAME for an even size: at stride 2 one more after than before."""
        size = self.weights[layer + ".weight"].shape[-1]
        after = size // 2
        before = after - 1 if stride == 2 else after
        return self.add("Conv", x, self.weight(layer + ".weight"), self.weight(layer + ".bias"),
                        kernel_shape=[size, size], strides=[stride, stride], group=groups,
                        pads=[before, before, after, after])

    def write(self, path, name, inputs, outputs):
        described = [[helper.make_tensor_value_info(*value) for value in values] for values in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, name, *described, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="jetsoncaption")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)


def add_encoder(graph, config):
    """Places [1, P, C] of the picture."""
    size = config["input"]
    x = graph.add("Cast", graph.add("Transpose", "rgb", perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)
    x = graph.add("Sub", x, graph.constant("mean", np.reshape(size["mean"], (1, 3, 1, 1))))
    x = graph.add("Mul", x, graph.constant("scale", np.reshape(size["scale"], (1, 3, 1, 1))))
    x = graph.relu6(graph.convolve(x, "encoder.stem", stride=2))
    for i, block in enumerate(config["architecture"]["encoder"]["blocks"]):
        layer = f"encoder.blocks.{i}."
        y = graph.relu6(graph.convolve(x, layer + "expand")) if layer + "expand.weight" in graph.weights else x
        y = graph.relu6(graph.convolve(y, layer + "depthwise", block["stride"], block["hidden_channels"]))
        y = graph.convolve(y, layer + "project")
        x = graph.add("Add", x, y) if block["residual"] else y
    x = graph.relu6(graph.convolve(x, "encoder.head"))
    channels = graph.weights["encoder.head.bias"].size
    return graph.add("Transpose", graph.add("Reshape", x, graph.integers(1, channels, -1)), perm=[0, 2, 1])


def window_shares(width, height):
    """Rows that make the means of the whole grid and of its four quarters, as tag_windows() has them."""
    w, h = (width + 1) // 2, (height + 1) // 2
    windows = [(0, 0, width, height)] + [(x, y, w, h) for y in (0, height - h) for x in (0, width - w)]
    rows = np.zeros((len(windows), height, width))
    for row, (x, y, w, h) in zip(rows, windows):
        row[y:y + h, x:x + w] = 1 / (w * h)
    return rows.reshape(len(windows), -1)


def add_tag_cells(graph, config, places, tags, vocabulary):
    """Cells [1, K, F] of the likeliest nouns; also the outputs tag_words and tag_probabilities."""
    named = [(i, vocabulary[word]) for i, word in enumerate(tags) if word]
    words = list(dict.fromkeys(word for _, word in named))
    if len(words) < len(named):
        sys.exit("export_onnx.py: two lines of tags.txt are the same word; this export knows only different ones.")
    grid = [config["input"][side] // total_stride(config) for side in ("width", "height")]
    means = graph.add("MatMul", graph.constant("windows", window_shares(*grid)), places)
    classes = graph.constant("classes", [i for i, _ in named], np.int64)
    scores = graph.add("Gather", graph.linear(means, "tags"), classes, axis=2)
    highest = graph.add("ReduceMax", scores, axes=[1], keepdims=0)
    whole = graph.add("Gather", scores, graph.constant("first", 0, np.int64), axis=1)
    probabilities = graph.add("Sigmoid", graph.add("Mul", graph.add("Add", whole, highest), graph.number(0.5)))
    flat = graph.add("Reshape", probabilities, graph.integers(-1))
    cells = config["architecture"]["tags"]["cells"]
    best, chosen = graph.add("TopK", flat, graph.integers(cells), outputs=2, axis=0)
    graph.add("Identity", best, output="tag_probabilities")
    graph.add("Gather", graph.constant("words", words, np.int64), chosen, output="tag_words")
    vectors = graph.constant("word_vectors", graph.weights["decoder.embedding.weight"][words])
    described = graph.add("Concat", graph.add("Gather", vectors, chosen),
                          graph.add("Reshape", best, graph.integers(-1, 1)), axis=1)
    return graph.add("Reshape", graph.add("Relu", graph.linear(described, "decoder.tag")), graph.integers(1, cells, -1))


def total_stride(config):
    stride = 2  # of the stem
    for block in config["architecture"]["encoder"]["blocks"]:
        stride *= block["stride"]
    return stride


def shared_values(config, cells):
    """What goes from the graph of the picture to that of the words."""
    decoder = config["architecture"]["decoder"]
    return [("features", TensorProto.FLOAT, [1, cells, decoder["feature_size"]]),
            ("keys", TensorProto.FLOAT, [1, cells, decoder["attention_size"]]),
            ("hidden", TensorProto.FLOAT, [1, decoder["hidden_size"]])]


def export_picture(weights, config, shared, tags, vocabulary, path):
    graph = Graph(weights)
    places = add_encoder(graph, config)
    features = graph.add("Relu", graph.linear(places, "decoder.feature"))
    mean = graph.add("ReduceMean", features, axes=[1], keepdims=0)
    graph.add("Tanh", graph.linear(mean, "decoder.initial"), output="hidden")
    outputs = shared
    if tags:
        cells = add_tag_cells(graph, config, places, tags, vocabulary)
        graph.add("Concat", features, cells, output="features", axis=1)
        count = [config["architecture"]["tags"]["cells"]]
        outputs = shared + [("tag_words", TensorProto.INT64, count), ("tag_probabilities", TensorProto.FLOAT, count)]
    else:
        graph.add("Identity", features, output="features")
    graph.add("MatMul", "features",
              graph.constant("keys.transposed", weights["decoder.attention_feature.weight"].T), output="keys")
    shape = [1, config["input"]["height"], config["input"]["width"], 3]
    graph.write(path, "picture", [("rgb", TensorProto.UINT8, shape)], outputs)


def export_word(weights, shared, path):
    graph = Graph(weights)
    vector = graph.add("Gather", graph.weight("decoder.embedding.weight"), "word")
    query = graph.linear("hidden", "decoder.attention_state")
    mixed = graph.add("Tanh", graph.add("Add", "keys", query))
    scores = graph.linear(mixed, "decoder.attention_score", bias=False)
    shares = graph.add("Softmax", graph.add("Reshape", scores, graph.integers(1, 1, -1)), axis=-1)
    looked = graph.add("Reshape", graph.add("MatMul", shares, "features"), graph.integers(1, -1))
    context = graph.add("Mul", looked, graph.add("Sigmoid", graph.linear("hidden", "decoder.gate")))

    given = graph.linear(graph.add("Concat", vector, context, axis=1), "decoder.gru_input")
    kept = graph.linear("hidden", "decoder.gru_state")
    given = graph.add("Split", given, outputs=3, axis=1)
    kept = graph.add("Split", kept, outputs=3, axis=1)
    reset = graph.add("Sigmoid", graph.add("Add", given[0], kept[0]))
    update = graph.add("Sigmoid", graph.add("Add", given[1], kept[1]))
    candidate = graph.add("Tanh", graph.add("Add", given[2], graph.add("Mul", reset, kept[2])))
    change = graph.add("Mul", update, graph.add("Sub", "hidden", candidate))
    graph.add("Add", candidate, change, output="next_hidden")

    joined = graph.add("Concat", "next_hidden", context, vector, axis=1)
    output = graph.linear(joined, "decoder.output")
    # Shares the embedding's numbers with the Gather above: no second copy of the largest matrix.
    logits = graph.add("Gemm", output, "decoder.embedding.weight", graph.weight("decoder.word.bias"), transB=1)
    graph.add("LogSoftmax", logits, output="log_probabilities", axis=1)
    words = weights["decoder.word.bias"].size
    hidden_shape = shared[-1][2]
    graph.write(path, "word", [("word", TensorProto.INT64, [1])] + shared,
                [("log_probabilities", TensorProto.FLOAT, [1, words]),
                 ("next_hidden", TensorProto.FLOAT, hidden_shape)])


def read_lines(bundle, name):
    with open(os.path.join(bundle, name), encoding="utf-8") as stream:
        return stream.read().split("\n")


def main(bundle, folder):
    with open(os.path.join(bundle, "config.json"), encoding="utf-8") as stream:
        config = json.load(stream)
    weights = read_weights(os.path.join(bundle, "model.safetensors"))
    vocabulary = {word: i for i, word in enumerate(read_lines(bundle, "vocabulary.txt"))}
    has_tags = "tags" in config["architecture"]
    tags = read_lines(bundle, "tags.txt")[:config["architecture"]["tags"]["classes"]] if has_tags else []
    places = (config["input"]["width"] // total_stride(config)) * (config["input"]["height"] // total_stride(config))
    cells = places + (config["architecture"]["tags"]["cells"] if has_tags else 0)
    os.makedirs(folder, exist_ok=True)
    shared = shared_values(config, cells)
    export_picture(weights, config, shared, tags, vocabulary, os.path.join(folder, "picture.onnx"))
    export_word(weights, shared, os.path.join(folder, "word.onnx"))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else 2)
    main(*sys.argv[1:])
