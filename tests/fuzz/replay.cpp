// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a fuzz target without libFuzzer: over its seeds, and over so many variations of them, the
// same ones each time. For compilers without libFuzzer, and as a test.
//
//   NAME_fuzz VARIATIONS SEED...
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void run(const std::string& bytes) {
  // A block of its own, so that a sanitizer sees reads behind its end.
  const std::vector<uint8_t> input(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

std::string vary(std::string bytes, const std::string& other, std::mt19937& random) {
  const auto below = [&random](size_t end) { return end == 0 ? 0 : random() % end; };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = below(bytes.size());
    switch (below(6)) {
      case 0:
        bytes.insert(at, 1, static_cast<char>(random()));
        break;
      case 1:
        bytes.erase(at, 1 + below(16));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(at, other.substr(below(other.size()), 1 + below(32)));
        break;
      default:
        if (!bytes.empty())
          bytes[at] = static_cast<char>(below(2) == 0 ? random() : "0-9\"{}[],:\xff"[below(12)]);
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "Usage: %s VARIATIONS SEED...\n", argv[0]);
    return 2;
  }
  std::vector<std::string> seeds;
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "%s cannot be read.\n", argv[i]);
      return 2;
    }
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    run(seeds.back());
  }
  run("");
  std::mt19937 random(1);
  const long variations = std::strtol(argv[1], nullptr, 10);
  for (long i = 0; i < variations; ++i)
    run(vary(seeds[random() % seeds.size()], seeds[random() % seeds.size()], random));
  std::printf("%zu seeds and %ld variations\n", seeds.size(), variations);
  return 0;
}
