# SPDX-License-Identifier: LGPL-2.1-or-later
"""scripts/model-table.sh with a program that repeats figures, on a bundle that is counted by hand."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = sys.argv.pop(1)
sys.path.insert(0, os.path.join(ROOT, "scripts", "lib"))
import model_table  # noqa: E402

SHAPES = {
    "encoder.stem": [4, 3, 3, 3], "encoder.blocks.0.expand": [8, 4, 1, 1],
    "encoder.blocks.0.depthwise": [8, 1, 3, 3], "encoder.blocks.0.project": [6, 8, 1, 1],
    "encoder.head": [10, 6, 1, 1], "tags": [11, 10], "decoder.tag": [5, 4], "decoder.feature": [5, 10],
    "decoder.attention_feature": [3, 5], "decoder.initial": [7, 5], "decoder.attention_score": [1, 3],
    "decoder.attention_state": [3, 7], "decoder.gate": [5, 7], "decoder.gru_input": [21, 8],
    "decoder.gru_state": [21, 7], "decoder.output": [3, 15], "decoder.embedding": [13, 3],
}
CONFIG = {
    "name": "tiny", "precisions": ["fp32", "int8"], "input": {"width": 8, "height": 8},
    "architecture": {"encoder": {"blocks": [{"stride": 2}]}, "tags": {"classes": 11, "cells": 2},
                     "decoder": {"feature_size": 5}},
}
# Answers as jetsoncaption would, and notes what it was asked. What it describes scores better in int8.
PROGRAM = """#!/usr/bin/env python3
import json, sys
asked = " ".join(sys.argv[1:])
with open(LOG, "a") as log:
    log.write(asked + "\\n")
int8 = "--precision int8" in asked
if sys.argv[1] == "bench":
    print(json.dumps({"machine": {"cpu": "a processor", "cores": 2}, "memory": {"peak_mb": 31.4},
                      "results": [{"name": "word", "p50_ms": 1, "threads": 2},
                                  {"name": "caption", "p50_ms": 12.34, "threads": 2}]}))
elif "everyday" in asked and FAIL:
    sys.exit("no memory")
else:
    print(json.dumps({"bleu": [60, 40, 30, 20 + int8], "cider_d": 0.5, "untrue": 0.25, "named": 0.75,
                      "repeated": 0.01}))
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def write_weights(path, weight_bytes):
    header, offset = {}, 0
    for layer, shape in SHAPES.items():
        for name, tensor in ((layer + ".weight", shape), (layer + ".bias", shape[:1])):
            size = model_table.product(tensor) * weight_bytes
            header[name] = {"dtype": "F32", "shape": tensor, "data_offsets": [offset, offset + size]}
            offset += size
    header["encoder.stem.weight_scale"] = {"dtype": "F32", "shape": [4], "data_offsets": [offset, offset]}
    text = json.dumps(header).encode()
    with open(path, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text + bytes(offset))


class ModelTable(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.bundle = os.path.join(self.folder, "bundle")
        self.log = os.path.join(self.folder, "log")
        os.mkdir(self.bundle)
        write(os.path.join(self.bundle, "config.json"), json.dumps(CONFIG))
        write(os.path.join(self.bundle, "vocabulary.txt"), "word\n" * 13)
        write(os.path.join(self.bundle, "README.md"), "x" * 100000)
        write_weights(os.path.join(self.bundle, "model.safetensors"), 4)
        write_weights(os.path.join(self.bundle, "model-int8.safetensors"), 1)
        for name in ("flickr8k", "everyday"):
            os.makedirs(os.path.join(self.folder, "data", name, "images"))
            write(os.path.join(self.folder, "data", name, "captions.txt"), "a.jpg\tA dog.\n")
            write(os.path.join(self.folder, "data", name, "dev.txt"), "a.jpg\nb.jpg\n")

    def run_script(self, *arguments, fail=False):
        program = os.path.join(self.folder, "bin", "jetsoncaption")
        os.makedirs(os.path.dirname(program), exist_ok=True)
        write(program, PROGRAM.replace("LOG", repr(self.log)).replace("FAIL", repr(fail)))
        os.chmod(program, 0o755)
        environment = dict(os.environ, PATH=os.path.dirname(program) + ":" + os.environ["PATH"])
        return subprocess.run(
            ["bash", os.path.join(ROOT, "scripts", "model-table.sh"), *arguments], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)

    def measure(self, *arguments, **options):
        return self.run_script("--data", os.path.join(self.folder, "data"), *arguments, self.bundle, **options)

    def asked(self):
        with open(self.log, encoding="utf-8") as stream:
            return stream.read().splitlines()

    def test_multiply_adds_are_those_counted_by_hand(self):
        # The stem makes 4x4 places of 8x8, the depthwise convolution 2x2; 4 places and 2 tags are 6 cells.
        #   stem 108 * 16, expand 32 * 16, depthwise 72 * 4, project 48 * 4, head 60 * 4, feature 50 * 4
        #   = 1728 + 512 + 288 + 192 + 240 + 200 = 3160
        #   attention keys 15 * 6, initial 35, tags 110 * 5 windows, their cells 20 * 2 = 715
        # A word: scores 3 * 6, context 5 * 6, state 21, gate 35, GRU 168 + 147, output 45 + 39 = 503
        shapes = model_table.read_shapes(self.bundle, "fp32")
        self.assertEqual(model_table.multiply_adds(CONFIG, shapes), (3875, 503))

    def test_stride_rounds_up_and_parts_that_are_missing_cost_nothing(self):
        config = {"input": {"width": 5, "height": 8}, "architecture": {
            "encoder": {"blocks": []}, "decoder": {"feature_size": 0}}}
        # 3x4 places.
        self.assertEqual(model_table.multiply_adds(config, {"encoder.stem.weight": [2, 3, 3, 3]}), (54 * 12, 0))

    def test_parameters_are_weights_and_biases(self):
        shapes = model_table.read_shapes(self.bundle, "int8")
        expected = sum(model_table.product(shape) + shape[0] for shape in SHAPES.values())
        self.assertEqual(model_table.parameters(shapes), expected)

    def test_bytes_are_those_of_the_files_a_precision_needs(self):
        sizes = {name: os.path.getsize(os.path.join(self.bundle, name)) for name in os.listdir(self.bundle)}
        self.assertEqual(model_table.bundle_bytes(self.bundle, "int8"),
                         sizes["config.json"] + sizes["vocabulary.txt"] + sizes["model-int8.safetensors"])

    def test_there_is_a_row_for_each_precision_of_the_bundle(self):
        done = self.measure()
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
        self.assertEqual(len(lines), 4)
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        self.assertTrue(all(len(row) == len(cells[0]) for row in cells))
        self.assertEqual(cells[2][:2], ["tiny", "fp32"])
        self.assertEqual(cells[3][:2], ["tiny", "int8"])
        scores = ["0.500", "0.250", "0.750", "0.010"]
        self.assertEqual(cells[2][5:], ["20.0", *scores, "20.0", *scores, "12.3", "31"])
        self.assertEqual(cells[3][5:], ["21.0", *scores, "21.0", *scores, "12.3", "31"])

    def test_options_reach_the_programs(self):
        done = self.measure("--precisions", "int8", "--beam-size", "5", "--threads", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        evaluations = [line for line in self.asked() if line.startswith("evaluate")]
        self.assertEqual(len(evaluations), 2)
        for line in evaluations:
            self.assertIn("--beam-size 5", line)
            self.assertIn("--precision int8 --threads 1", line)
        benches = [line for line in self.asked() if line.startswith("bench")]
        self.assertEqual(benches, [f"bench --json --model {self.bundle} --precision int8 --threads 1"])

    def test_what_was_measured_is_not_measured_again(self):
        results = os.path.join(self.folder, "results")
        failed = self.measure("--precisions", "int8", "--results", results, fail=True)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("failed with exit code 1", failed.stderr)
        self.assertEqual(failed.stdout, "")
        again = self.measure("--precisions", "int8", "--results", results)
        self.assertEqual(again.returncode, 0, again.stderr)
        # Flickr8k once, everyday twice, for it failed, and bench once.
        self.assertEqual([line.split()[0] for line in self.asked()], ["evaluate"] * 3 + ["bench"])

    def test_wrong_calls_are_refused_with_the_reason(self):
        for arguments, reason in (
                ([], "--data DIR"),
                (["--data", self.folder, self.bundle], "flickr8k/images does not exist"),
                (["--data", os.path.join(self.folder, "data"), self.folder], "is no bundle"),
                (["--beam-size"], "--beam-size needs a value"),
                (["--data", os.path.join(self.folder, "data"), "--pictures", "x"], "'x' is no number"),
                (["--fast"], "'--fast' is no option")):
            done = self.run_script(*arguments)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn(reason, done.stderr)


if __name__ == "__main__":
    unittest.main()
