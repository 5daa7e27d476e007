# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares captions of jetsoncaption with those of ONNX Runtime, which computes the same network.

Started by scripts/bench.sh --peers, which has prepared WORK: onnx/, the program onnx-captions, npm/, and photographs
of the model's size in pictures/NAME.rgb. First checks that ONNX Runtime comes to the same captions, then measures all
programs in turn, one thread each, round after round.
"""
import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
INSTRUCTION_SETS = ("avx2", "avx-vnni", "avx512-vnni", "neon", "neon-dot")
WORDS = 8
# describe prints four digits; the order in which numbers are added differs between the two.
TOLERANCE = 5e-4
FIGURES = (("encode", "encode_ms", 2), ("word", "word_ms", 3), ("caption", "caption_ms", 2),
           ("first caption", "first_ms", 0), ("most memory, MB", "peak_mb", 0))
BAR = 4  # times as fast as ONNX Runtime through its C API


class Failure(Exception):
    """A sentence for the user."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def ask(command, environment=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=False,
                          env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        raise Failure(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-600:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def start(command, environment):
    """Milliseconds from the start of a process to the first line it prints, and its most memory in MB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env={**os.environ, **environment})
    line = process.stdout.readline()
    first_ms = (time.monotonic() - begin) * 1000
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0 or not line:
        raise Failure(f"{' '.join(command[:3])} failed while it was timed.")
    return first_ms, usage.ru_maxrss / 1024


class Picture:
    """A photograph of the model's size: as bytes for ONNX Runtime, as PPM for jetsoncaption."""

    def __init__(self, path, width, height, rgb):
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.rgb, self.ppm = path, path[:-len(".rgb")] + ".ppm"
        with open(self.ppm, "wb") as stream:
            stream.write(b"P6\n%d %d\n255\n" % (width, height) + rgb)


def read_pictures(folder, width, height):
    """Each photograph and its mirror image."""
    pictures = []
    names = sorted(name for name in os.listdir(folder) if name.endswith(".rgb") and not name.startswith("mirrored-"))
    for name in names:
        path = os.path.join(folder, name)
        with open(path, "rb") as stream:
            rgb = stream.read()
        if len(rgb) != width * height * 3:
            raise Failure(f"{path} has {len(rgb)} bytes, {width * height * 3} are expected; remove it and try again.")
        pictures.append(Picture(path, width, height, rgb))
        rows = [rgb[at:at + width * 3] for at in range(0, len(rgb), width * 3)]
        turned = b"".join(row[at:at + 3] for row in rows for at in range(width * 3 - 3, -1, -3))
        path = os.path.join(folder, "mirrored-" + name)
        with open(path, "wb") as stream:
            stream.write(turned)
        pictures.append(Picture(path, width, height, turned))
    if not pictures:
        raise Failure(f"{folder} has no pictures.")
    return pictures


class Bundle:
    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as stream:
            self.config = json.load(stream)
        with open(os.path.join(folder, "vocabulary.txt"), encoding="utf-8") as stream:
            self.words = stream.read().split("\n")
        self.nouns = set()
        if "tags" in self.config["architecture"]:
            with open(os.path.join(folder, "tags.txt"), encoding="utf-8") as stream:
                self.nouns = set(stream.read().split())
        self.ids = {word: i for i, word in enumerate(self.words)}
        self.width, self.height = self.config["input"]["width"], self.config["input"]["height"]

    def tokens(self, words, ends=True):
        tokens = self.config["tokens"]
        return [tokens["start"], *(self.ids[word] for word in words), *([tokens["end"]] if ends else [])]


# --- The same captions ------------------------------------------------------------------------------------------------

def describe(bundle, pictures, *options):
    """Greedy captions as the decoder alone has them: the tags' further evidence on words is the search's, not the
    network's, and so are sentences of little confidence."""
    return ask(["jetsoncaption", "describe", "--json", "--model", bundle.folder, "--threads", "1", "--beam-size", "1",
                "--tag-weight", "0", "--hedge-below", "0", *options, *(picture.ppm for picture in pictures)])


def words_of_search():
    """The lists of words of src/captioner/search_setup.cpp, in their order there."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/captioner/search_setup.cpp")
    with open(path, encoding="utf-8") as stream:
        lists = re.findall(r"ids\(\{([^}]*)\}\)", stream.read())
    names = ("joining", "articles", "adjectives", "prepositions", "verbs", "transitives", "unfinished")
    if len(lists) != len(names):
        raise Failure(f"{path} has {len(lists)} lists of words and not {len(names)}; mend words_of_search().")
    return {name: re.findall(r'"([^"]*)"', words) for name, words in zip(names, lists)}


def lacks_its_thing(sentence, search):
    """Whether a sentence ends with an article and words that only describe."""
    tail = [word for word in reversed(sentence)]
    described = 0
    while described < len(tail) and tail[described] in search["adjectives"] + search["joining"]:
        described += 1
    return (any(word in search["adjectives"] for word in tail[:described]) and described < len(tail) and
            tail[described] in search["articles"])


def stammers(sentence, word, search):
    """Whether a word repeats the one before it, also over a joining word or as the second of two, or describes
    again what it describes already: "a green blue and green"."""
    if sentence[-1:] == [word]:
        return True
    if sentence[-2:-1] == [word] and (sentence[-1] in search["joining"] or sentence[-3:-2] == sentence[-1:]):
        return True
    described = []
    for before in reversed(sentence):
        if before not in search["adjectives"] + search["joining"]:
            break
        described.append(before)
    return word in search["adjectives"] and word in described


def may_not_follow(bundle, sentence, token, ends=False):
    """Whether a rule of the search leaves out a word, although the network finds it the likeliest: no special tokens,
    no stammering, no noun twice, no sentence that breaks off. `ends`: the search ended the sentence here, where it
    may have cut off what named nothing."""
    search = words_of_search()
    word = bundle.words[token]
    tokens = bundle.config["tokens"]
    last = sentence[-1] if sentence else None
    breaks_off = (last in search["unfinished"] if token == tokens["end"] else
                  last in search["articles"] and word in search["unfinished"])
    after_things = set(search["prepositions"] + search["verbs"] + search["unfinished"]) - set(search["joining"])
    names_nothing = word in after_things and lacks_its_thing(sentence, search)
    cut_back = ends and word in search["prepositions"] + search["transitives"] + search["unfinished"]
    return (token in (tokens["padding"], tokens["start"], tokens["unknown"]) or stammers(sentence, word, search) or
            breaks_off or names_nothing or cut_back or (word in sentence and word in bundle.nouns))


def compare_captions(bundle, program, pictures, described):
    """The number of words compared and of those that a rule of the search decided. Raises Failure at a difference."""
    tasks = []
    for picture, caption in zip(pictures, described):
        words = [word["word"] for word in caption["words"]]
        tasks += [picture.rgb, ",".join(map(str, bundle.tokens(words, not caption["truncated"])))]
    computed = ask([*program.command, "0", *tasks], program.environment)
    compared = ruled = 0
    for picture, caption, result in zip(pictures, described, computed):
        words = [word["word"] for word in caption["words"]]
        given = bundle.tokens(words, not caption["truncated"])[1:]
        where = f"{program.name} of {picture.name}, '{caption['caption']}'"
        if len(result["likeliest"]) != len(given):
            raise Failure(f"{where}: says something of {len(result['likeliest'])} words, not of {len(given)}.")
        for i, (token, likeliest) in enumerate(zip(given, result["likeliest"])):
            compared += 1
            if likeliest != token:
                ruled += 1
                if not may_not_follow(bundle, words[:i], likeliest, i == len(words)):
                    raise Failure(f"{where}: writes '{bundle.words[likeliest]}' instead of '{bundle.words[token]}'.")
        for word, log_probability in zip(caption["words"], result["log_probabilities"]):
            if abs(word["probability"] - math.exp(log_probability)) > TOLERANCE:
                raise Failure(f"{where}: '{word['word']}' has probability {math.exp(log_probability):.4f} instead of "
                              f"{word['probability']}.")
        for tag, token, probability in zip(caption["tags"], result["tag_words"], result["tag_probabilities"]):
            if tag["tag"] != bundle.words[token] or abs(tag["probability"] - probability) > TOLERANCE:
                raise Failure(f"{where}: has the tag '{bundle.words[token]}' ({probability:.4f}) instead of "
                              f"'{tag['tag']}' ({tag['probability']}).")
    return compared, ruled


# --- How long they take -----------------------------------------------------------------------------------------------

class Program:
    """A row of the result: what is measured in each round, and what it came to."""

    def __init__(self, name, environment=None):
        self.name = name
        self.environment = environment or {}
        self.rounds = []

    def add_round(self, runs, starts):
        times = self.measure(runs)
        began = [start(self.once, self.environment) for _ in range(starts)]
        times["first_ms"] = statistics.median(first for first, _ in began)
        times["peak_mb"] = statistics.median(peak for _, peak in began)
        self.rounds.append(times)

    def median(self, figure):
        return statistics.median(times[figure] for times in self.rounds)


class Ours(Program):
    def __init__(self, bundle, precision, instruction_set=None):
        super().__init__(f"jetsoncaption {precision}", {"JETSONCAPTION_CPU": instruction_set or ""})
        self.bundle, self.precision = bundle, precision
        self.wanted = f"int8-{instruction_set}" if instruction_set else None

    def bench(self, runs):
        return ask(["jetsoncaption", "bench", "--json", "--model", self.bundle.folder, "--precision", self.precision,
                    "--threads", "1", "--max-words", str(WORDS), "--picture",
                    f"{self.bundle.width}x{self.bundle.height}", "--runs", str(runs), "--captions", "1"],
                   self.environment)[0]

    def is_runnable(self):
        """Whether the machine has the instruction set; jetsoncaption takes another one where it has not."""
        engine = self.bench(1)["results"][0]["engine"]
        if not self.wanted:
            self.name += f", LibTorch ({engine})"
        elif engine == self.wanted:
            self.name += f" ({engine})"
        return self.wanted in (None, engine)

    def look_at(self, picture):
        self.once = ["jetsoncaption", "describe", "--model", self.bundle.folder, "--precision", self.precision,
                     "--threads", "1", "--beam-size", "1", "--max-words", str(WORDS), picture.ppm]

    def measure(self, runs):
        report = self.bench(runs)
        rows = {row["name"]: row for row in report["results"]}
        self.machine = report["machine"]
        times = {f"{name}_ms": rows[name]["p50_ms"] for name in ("encode", "word", "caption")}
        if rows["caption"]["words"] != WORDS:  # of the pictures that bench makes
            times["caption_ms"] = times["encode_ms"] + (WORDS + 1) * times["word_ms"]
            say(f"{self.name}: bench's captions have {rows['caption']['words']} words; that of {WORDS} is computed.")
        return times


class OnnxRuntime(Program):
    def __init__(self, name, command, environment=None):
        super().__init__(name, environment)
        self.command = command

    def look_at(self, picture, tokens):
        self.task = [picture.rgb, ",".join(map(str, tokens))]
        self.once = [*self.command, "0", *self.task]

    def measure(self, runs):
        times = ask([*self.command, str(runs), *self.task], self.environment)[-1]
        return {f"{name}_ms": times[f"{name}_ms"] for name in ("encode", "word", "caption")}


def long_caption(pictures, described):
    """A picture whose caption has WORDS words or more, and the first of them."""
    for picture, caption in zip(pictures, described):
        if len(caption["words"]) >= WORDS:
            return picture, [word["word"] for word in caption["words"]][:WORDS]
    raise Failure(f"None of the photographs has a caption of {WORDS} words.")


# --- The result -------------------------------------------------------------------------------------------------------

def report_of(programs, options, machine):
    rows = []
    for program in programs:
        row = {"name": program.name, "threads": 1, "words": WORDS}
        for _, figure, _ in FIGURES:
            row[figure] = round(program.median(figure), 3)
        row["rounds"] = [{figure: round(times[figure], 3) for figure in times} for times in program.rounds]
        rows.append(row)
    return {"machine": machine, "rounds": options.rounds, "runs": options.runs, "starts": options.starts,
            "results": rows}


def print_table(report):
    machine = report["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores; one thread; median of {report['rounds']} rounds of "
          f"{report['runs']} captions and {report['starts']} starts each")
    print(f"a picture of the model's size, a caption of {WORDS} words; milliseconds\n")
    width = max(len(row["name"]) for row in report["results"])
    heads = [title for title, _, _ in FIGURES] + ["caption, rounds"]
    print("  ".join([" " * width, *heads]))
    for row in report["results"]:
        cells = [f"{row[figure]:.{digits}f}".rjust(len(title)) for title, figure, digits in FIGURES]
        captions = [times["caption_ms"] for times in row["rounds"]]
        cells.append(f"{min(captions):.2f}-{max(captions):.2f}".rjust(len(heads[-1])))
        print("  ".join([row["name"].ljust(width), *cells]))


def print_ratios(report):
    ours = [row for row in report["results"] if row["name"].startswith("jetsoncaption int8")]
    for row in ours:
        for peer in (row for row in report["results"] if row["name"].startswith("ONNX")):
            ratio = peer["caption_ms"] / row["caption_ms"]
            print(f"{row['name']}: a caption {ratio:.1f} times as fast as {peer['name']}"
                  + (f"; the aim is {BAR}" if "C API" in peer["name"] else ""))


def read_options():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh --peers", add_help=False)
    parser.add_argument("--work", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--starts", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if min(options.rounds, options.runs, options.starts) < 1:
        parser.error("--rounds, --runs and --starts are at least 1")
    return options


def main():
    options = read_options()
    work = options.work
    bundle = Bundle(options.model)
    pictures = read_pictures(os.path.join(work, "pictures"), bundle.width, bundle.height)
    module = os.path.join(work, "npm", "node_modules", "onnxruntime-node")
    with open(os.path.join(module, "package.json"), encoding="utf-8") as stream:
        version = json.load(stream)["version"]
    graphs = os.path.join(work, "onnx")
    peers = [OnnxRuntime(f"ONNX Runtime {version} fp32, C API", [os.path.join(work, "onnx-captions"), graphs]),
             OnnxRuntime(f"ONNX Runtime {version} fp32, Node", ["node", os.path.join(HERE, "onnx_captions.js"), graphs],
                         {"ONNXRUNTIME_NODE": module})]
    described = describe(bundle, pictures, "--precision", "fp32")
    for peer in peers:
        compared, ruled = compare_captions(bundle, peer, pictures, described)
        say(f"{peer.name}: the captions of {len(pictures)} pictures, {compared} words, are those of jetsoncaption in "
            f"fp32; {ruled} words were decided by a rule of the search.")
    picture, words = long_caption(pictures, described)
    ours = [Ours(bundle, "int8", name) for name in INSTRUCTION_SETS] + [Ours(bundle, "fp32")]
    ours = [program for program in ours if program.is_runnable()]
    for program in ours:
        program.look_at(picture)
    for peer in peers:
        peer.look_at(picture, bundle.tokens(words))
    programs = ours + peers
    for i in range(options.rounds):
        say(f"Measuring, round {i + 1} of {options.rounds}")
        for program in programs:
            program.add_round(options.runs, options.starts)
    report = report_of(programs, options, ours[0].machine)
    if options.json:
        print(json.dumps(report, indent=2))
        return
    print_table(report)
    print()
    print_ratios(report)


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError, KeyError, json.JSONDecodeError) as error:
        sys.exit(f"bench.sh --peers: {error}")
