// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the weights of a bundle to train them on, and writes the bundle that training made.
#include "train/trained_bundle.h"

#include "model/bundle.h"
#include "train/parameters.h"

#include <sys/stat.h>

namespace jetsoncaption {

Result<void> load_start(const std::string& directory, const Vocabulary& vocabulary,
                        NamedTensors& parameters) {
  auto bundle = open_bundle(directory, WeightFile::Master);
  if (!bundle.ok())
    return bundle.error();
  if (bundle.value().vocabulary.to_text() != vocabulary.to_text()) {
    return Error{ErrorKind::InvalidArgument,
                 "The model in " + directory +
                     " knows other words than the training sentences have; start without it"};
  }
  return load_tensors(directory + "/model.safetensors", parameters);
}

Result<void> write_bundle(const std::string& directory, const Material& material,
                          const NamedTensors& parameters) {
  mkdir(directory.c_str(), 0777);
  auto saved = save_tensors(directory + "/model.safetensors", parameters);
  if (!saved.ok())
    return saved;
  saved = write_text_file(directory + "/vocabulary.txt", material.vocabulary.to_text());
  if (!saved.ok())
    return saved;
  return write_text_file(directory + "/config.json", format_config(material.config));
}

}  // namespace jetsoncaption
