# SPDX-License-Identifier: LGPL-2.1-or-later
"""scripts/peers/compare.py with programs that repeat figures: what it accepts as the same captions, and its table."""
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

ROOT = sys.argv.pop(1)
sys.path.insert(0, os.path.join(ROOT, "scripts", "peers"))
import compare  # noqa: E402

WORDS = ["<pad>", "<start>", "<end>", "<unk>", "a", "dog", "and", "cat", "on", "red", "mat", "the", "is"]
SENTENCE = "a dog and a cat is on a red mat".split()
CONFIG = {"input": {"width": 2, "height": 1}, "tokens": {"padding": 0, "start": 1, "end": 2, "unknown": 3},
          "architecture": {"tags": {"classes": 2, "cells": 1}}}
# Describes every picture alike; has avx2 and no other instruction set.
JETSONCAPTION = """#!/usr/bin/env python3
import json, os, sys
words = WORDS
if sys.argv[1] == "bench":
    int8 = sys.argv[sys.argv.index("--precision") + 1] == "int8"
    row = {"engine": "int8-avx2" if int8 else "torch-fp32", "words": BENCH_WORDS}
    times = {"shrink": 1, "encode": 2 if int8 else 20, "word": 0.125, "caption": 4 if int8 else 40}
    print(json.dumps({"machine": {"cpu": "a processor", "cores": 2},
                      "results": [dict(row, name=name, p50_ms=time) for name, time in times.items()]}))
else:
    for name in sys.argv:
        if name.endswith(".ppm"):
            print(json.dumps({"file": name, "caption": " ".join(words), "truncated": False,
                              "words": [{"word": word, "probability": 0.5} for word in words],
                              "tags": [{"tag": "dog", "probability": 0.75}]}))
"""
# Both as the program for the C API and as `node onnx_captions.js`.
PEER = """#!/usr/bin/env python3
import json, math, sys
arguments = [one for one in sys.argv[1:] if not one.endswith(".js")]
for tokens in arguments[3::2]:
    tokens = list(map(int, tokens.split(",")))
    print(json.dumps({"likeliest": tokens[1:], "log_probabilities": [math.log(0.5)] * (len(tokens) - 1),
                      "tag_words": [5], "tag_probabilities": [0.75]}))
if arguments[1] != "0":
    print(json.dumps({"encode_ms": 16, "word_ms": 1, "caption_ms": 24}))
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(path, mode)


class Peers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.bundle = self.path("bundle")
        write(self.path("bundle", "config.json"), json.dumps(CONFIG))
        write(self.path("bundle", "vocabulary.txt"), "\n".join(WORDS) + "\n")
        write(self.path("bundle", "tags.txt"), "dog\ncat\n")
        write(self.path("work", "pictures", "one.rgb"), "abcdef")
        write(self.path("work", "npm", "node_modules", "onnxruntime-node", "package.json"), '{"version": "1.30.0"}')

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def compare(self, *options, words=None, bench_words=8):
        program = JETSONCAPTION.replace("BENCH_WORDS", str(bench_words)).replace("= WORDS", f"= {words or SENTENCE}")
        write(self.path("bin", "jetsoncaption"), program, 0o755)
        for name in (self.path("work", "onnx-captions"), self.path("bin", "node")):
            write(name, PEER, 0o755)
        environment = dict(os.environ, PATH=self.path("bin") + ":" + os.environ["PATH"])
        return subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "peers", "compare.py"),
                               "--work", self.path("work"), "--model", self.bundle, "--rounds", "1", *options],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)

    def test_programs_are_rows_and_only_instruction_sets_of_the_machine_are_there(self):
        done = self.compare("--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = json.loads(done.stdout)["results"]
        self.assertEqual([row["name"] for row in rows],
                         ["jetsoncaption int8 (int8-avx2)", "jetsoncaption fp32, LibTorch (torch-fp32)",
                          "ONNX Runtime 1.30.0 fp32, C API", "ONNX Runtime 1.30.0 fp32, Node"])
        self.assertEqual([row["caption_ms"] for row in rows], [4, 40, 24, 24])
        self.assertTrue(all(row["first_ms"] > 0 and row["peak_mb"] > 0 for row in rows))

    def test_the_table_says_how_many_times_as_fast_a_caption_is(self):
        done = self.compare()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("a caption 6.0 times as fast as ONNX Runtime 1.30.0 fp32, C API; the aim is 4", done.stdout)
        self.assertIn("the captions of 2 pictures, 22 words, are those of jetsoncaption", done.stderr)

    def ruled(self, **changed):
        """Compares one caption with that of a peer whose answer is changed; the number of words ruled."""
        bundle = compare.Bundle(self.bundle)
        caption = {"caption": " ".join(SENTENCE), "truncated": False, "tags": [{"tag": "dog", "probability": 0.75}],
                   "words": [{"word": word, "probability": 0.5} for word in SENTENCE]}
        answer = {"likeliest": bundle.tokens(SENTENCE)[1:], "log_probabilities": [math.log(0.5)] * 11,
                  "tag_words": [5], "tag_probabilities": [0.75]}
        for name, change in changed.items():
            change(answer[name])
        picture = compare.Picture(self.path("work", "pictures", "one.rgb"), 2, 1, b"abcdef")
        with unittest.mock.patch.object(compare, "ask", return_value=[answer]):
            return compare.compare_captions(bundle, compare.OnnxRuntime("peer", ["peer"]), [picture], [caption])[1]

    def test_another_word_probability_or_tag_ends_the_comparison(self):
        def put(place, value):
            return lambda numbers: numbers.__setitem__(place, value)

        self.assertEqual(self.ruled(), 0)
        for name, change, reason in (
                ("likeliest", put(1, 7), "writes 'cat' instead of 'dog'"),
                ("likeliest", put(-1, 9), "writes 'red' instead of '<end>'"),
                ("likeliest", put(4, 8), "writes 'on' instead of 'cat'"),
                ("likeliest", list.pop, "says something of 10 words, not of 11"),
                ("log_probabilities", put(2, math.log(0.501)), "'and' has probability 0.5010 instead of 0.5"),
                ("tag_words", put(0, 7), "has the tag 'cat' (0.7500) instead of 'dog' (0.75)"),
                ("tag_probabilities", put(0, 0.74), "has the tag 'dog' (0.7400) instead of 'dog' (0.75)")):
            with self.assertRaises(compare.Failure) as raised:
                self.ruled(**{name: change})
            self.assertIn(reason, str(raised.exception))

    def test_a_word_that_the_search_leaves_out_may_be_the_likeliest(self):
        # Padding; "dog dog"; a dog again; "a and"; an end behind "a"; "a red is"; an end where "on a red" was cut off.
        for place, token in ((1, 0), (2, 5), (4, 5), (8, 6), (8, 2), (9, 12), (-1, 8)):
            self.assertEqual(self.ruled(likeliest=lambda numbers: numbers.__setitem__(place, token)), 1)

    def test_captions_of_another_length_are_not_compared(self):
        done = self.compare("--json", bench_words=7.5)
        self.assertIn("bench's captions have 7.5 words; that of 8 is computed", done.stderr)
        self.assertEqual(json.loads(done.stdout)["results"][0]["caption_ms"], 2 + 9 * 0.125)
        self.assertIn("None of the photographs has a caption of 8 words", self.compare(words=SENTENCE[:5]).stderr)

    def test_without_node_there_is_one_sentence(self):
        for name in ("bash", "dirname"):
            os.makedirs(self.path("few"), exist_ok=True)
            os.symlink(shutil.which(name), self.path("few", name))
        done = subprocess.run([self.path("few", "bash"), os.path.join(ROOT, "scripts", "bench.sh"), "--peers"],
                              env={"PATH": self.path("few")}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "bench.sh --peers: node is not installed; it brings ONNX Runtime: "
                                      "install Debian's nodejs and npm.\n")


if __name__ == "__main__":
    unittest.main()
