// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the tiny bundle to a directory, for tests that are not written in C++.
#include <cstdio>

#include "fakes/tiny_bundle.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_tiny_bundle DIR\n");
    return 2;
  }
  const auto written = jetsoncaption::write_tiny_bundle(argv[1], 1);
  if (written.ok())
    return 0;
  std::fprintf(stderr, "make_tiny_bundle: %s\n", written.error().message.c_str());
  return 1;
}
