// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the made-up data set: make_shapes FOLDER COUNT makes FOLDER/shape0.png and so on, and
// FOLDER/captions.csv, as docs/train-your-own.md uses them.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "shapes.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "Usage: make_shapes FOLDER COUNT\n";
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  std::ofstream captions(folder + "captions.csv");
  captions << "image,caption\n";
  for (int number = 0; number < std::atoi(argv[2]); ++number) {
    const std::string name = "shape" + std::to_string(number) + ".png";
    std::ofstream(folder + name, std::ios::binary)
        << jetsoncaption::png_bytes(jetsoncaption::shape_picture(number));
    for (const std::string& sentence : jetsoncaption::shape_sentences(number))
      captions << name << "," << sentence << "\n";
  }
  if (!captions) {
    std::cerr << "make_shapes: " << folder << " cannot be written; make it first\n";
    return 1;
  }
  return 0;
}
