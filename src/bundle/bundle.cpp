// SPDX-License-Identifier: LGPL-2.1-or-later
// A model bundle on disk: config.json, vocabulary.txt and the weights, checked against each other.
#include "bundle/bundle.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <sstream>
#include <utility>

#include "base/text.h"
#include "bundle/atomic_file.h"
#include "bundle/file_memory.h"
#include "bundle/file_names.h"
#include "bundle/json_reader.h"
#include "bundle/model_cost.h"

#include <sys/stat.h>

namespace jetsoncaption {

namespace {

constexpr uint64_t kMaxConfigBytes = 1 << 20;
constexpr uint64_t kMaxVocabularyBytes = 16 << 20;

Error corrupt(const std::string& message) {
  return Error{ErrorKind::CorruptModel, message};
}

// A link may lead out of the bundle, which may come from anybody. That the bundle's own folder is a
// link does not matter, for that is named by whoever uses it.
Result<std::string> read_text_file(const std::string& path, uint64_t limit) {
  auto file = FileMemory::open(path, limit, Links::Refuse);
  if (!file.ok()) {
    Error error = file.error();
    if (error.kind == ErrorKind::NotFound)
      error.message += "; name a directory that has config.json, vocabulary.txt and weights";
    return error;
  }
  const auto read = file.value().read_to_end();
  if (!read.ok())
    return read.error();
  if (file.value().size() == 0)
    return std::string();
  return std::string(reinterpret_cast<const char*>(file.value().data()), file.value().size());
}

Result<void> check_tokens(const TokenIds& tokens, int words, const std::string& directory) {
  const std::pair<const char*, int> ids[] = {{"padding", tokens.padding},
                                             {"start", tokens.start},
                                             {"end", tokens.end},
                                             {"unknown", tokens.unknown}};
  for (const auto& id : ids) {
    if (id.second < words)
      continue;
    return corrupt(directory + "/config.json: tokens." + id.first + " is " +
                   std::to_string(id.second) + ", but vocabulary.txt has only " +
                   std::to_string(words) + " words; use the id of one of them");
  }
  return {};
}

Result<void> check_self_test(const ModelConfig& config, int words, const std::string& directory) {
  for (const SelfTestPicture& picture : config.self_test) {
    for (const auto& item : picture.tokens) {
      for (const int id : item.second) {
        if (id < words)
          continue;
        return corrupt(directory + "/config.json: self_test has the " + item.first + " token " +
                       std::to_string(id) + ", but vocabulary.txt has only " +
                       std::to_string(words) +
                       " words; write it anew with 'jetsoncaption self-test --write'");
      }
    }
  }
  return {};
}

Result<void> check_precision(const ModelConfig& config, WeightFile file,
                             const std::string& directory) {
  const auto lists = [&](const char* precision) {
    return std::count(config.precisions.begin(), config.precisions.end(), precision) > 0;
  };
  if (file == WeightFile::Int8 ? lists("int8") : lists("fp32") || lists("fp16"))
    return {};
  return corrupt(directory + "/config.json: precisions does not name " +
                 (file == WeightFile::Int8 ? "int8" : "fp32 or fp16") + ", which " +
                 weight_file_name(file) +
                 " is for; choose another precision, or make the bundle again");
}

std::string type_names(const std::vector<DataType>& types) {
  std::string names = data_type_name(types[0]);
  for (size_t i = 1; i < types.size(); ++i)
    names += std::string(" or ") + data_type_name(types[i]);
  return names;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t side : shape)
    text += (text.empty() ? "[" : ",") + std::to_string(side);
  return text.empty() ? "[]" : text + "]";
}

Result<void> check_tensor(const TensorView& tensor, const TensorSpec& spec,
                          const std::string& where) {
  if (std::count(spec.types.begin(), spec.types.end(), tensor.type) == 0) {
    return corrupt(where + " is " + data_type_name(tensor.type) + "; it should be " +
                   type_names(spec.types));
  }
  if (tensor.shape != spec.shape) {
    return corrupt(where + " has shape " + shape_text(tensor.shape) +
                   ", but config.json and vocabulary.txt ask for " + shape_text(spec.shape));
  }
  return {};
}

// The index of the first number that is not finite, or the number of elements. `Exponent` is all
// ones in infinities and NaN only (IEEE 754).
template <typename Bits, Bits Exponent>
int64_t first_not_finite(const TensorView& tensor) {
  const auto* bits = static_cast<const Bits*>(tensor.data);
  const auto* end = bits + tensor.elements();
  return std::find_if(bits, end, [](Bits b) { return (b & Exponent) == Exponent; }) - bits;
}

Result<void> check_numbers(const TensorView& tensor, bool is_scale, const std::string& where) {
  int64_t index = tensor.elements();
  if (tensor.type == DataType::F32)
    index = first_not_finite<uint32_t, 0x7f800000>(tensor);
  if (tensor.type == DataType::F16)
    index = first_not_finite<uint16_t, 0x7c00>(tensor);
  if (index < tensor.elements()) {
    return corrupt(where + " has a number that is not finite at index " + std::to_string(index) +
                   "; get the file again or train the model again");
  }
  if (!is_scale)
    return {};
  const auto* scales = static_cast<const float*>(tensor.data);
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    if (scales[i] > 0)
      continue;
    return corrupt(where + " has the scale " + show(scales[i]) + " at index " + std::to_string(i) +
                   "; scales must be above 0: quantize the model again");
  }
  return {};
}

Result<void> check_weights(const SafetensorsFile& weights,
                           const std::map<std::string, TensorSpec>& specs) {
  for (const auto& item : weights.tensors()) {
    if (specs.count(item.first) == 0) {
      return corrupt(weights.path() + " has the tensor " + show(item.first) +
                     ", which config.json does not ask for; the two files do not belong together");
    }
  }
  const TensorView* first_weight = nullptr;
  for (const auto& item : specs) {
    const std::string& name = item.first;
    const TensorView* tensor = weights.find(name);
    if (tensor == nullptr) {
      return corrupt(weights.path() + " has no tensor " + show(name) +
                     ", which config.json asks for; the two files do not belong together");
    }
    const std::string where = weights.path() + ": tensor " + show(name);
    const auto checked = check_tensor(*tensor, item.second, where);
    if (!checked.ok())
      return checked;
    const auto numbers = check_numbers(*tensor, ends_with(name, "_scale"), where);
    if (!numbers.ok())
      return numbers;

    if (item.second.types.size() == 1)
      continue;  // not a matter of choice
    if (first_weight == nullptr)
      first_weight = tensor;
    if (tensor->type != first_weight->type) {
      return corrupt(where + " is " + data_type_name(tensor->type) + ", but others are " +
                     data_type_name(first_weight->type) + "; use one type for all weights");
    }
  }
  return {};
}

// The noun of each class of the tags, as the id of a word.
Result<std::vector<int>> read_tags(const std::string& directory, const ModelConfig& config,
                                   const Vocabulary& vocabulary) {
  std::vector<int> words;
  if (config.tags.classes == 0)
    return words;
  const std::string path = directory + "/tags.txt";
  const auto text = read_text_file(path, kMaxVocabularyBytes);
  if (!text.ok())
    return text.error();
  std::istringstream lines(text.value());
  lines.exceptions(std::ios::badbit);  // else a line for which there is no memory ends the file
  for (std::string line; std::getline(lines, line);) {
    words.push_back(line.empty() ? -1 : vocabulary.find(line));
    if (!line.empty() && words.back() < 0) {
      return corrupt(path + " line " + std::to_string(words.size()) + " names " + show(line) +
                     ", which vocabulary.txt does not have; the two files do not belong together");
    }
  }
  if (words.size() != static_cast<size_t>(config.tags.classes)) {
    return corrupt(path + " has " + std::to_string(words.size()) +
                   " lines, but config.json asks for " + std::to_string(config.tags.classes) +
                   " classes; the two files do not belong together");
  }
  const std::set<int> nouns(words.begin(), words.end());
  const auto count = nouns.size() - nouns.count(-1);
  if (count < static_cast<size_t>(config.tags.cells)) {
    return corrupt(path + " has " + std::to_string(count) +
                   " different nouns, but config.json asks for " +
                   std::to_string(config.tags.cells) + " tags.cells; lower that");
  }
  return words;
}

// The most bytes that a file with these tensors has: numbers of their widest type, and a header.
uint64_t most_bytes(const std::map<std::string, TensorSpec>& specs) {
  constexpr uint64_t kHeader = 16 << 20;
  uint64_t bytes = kHeader;
  for (const auto& item : specs)
    bytes += TensorView{item.second.types.front(), item.second.shape, nullptr}.bytes();
  return bytes;
}

Result<SafetensorsFile> open_weights(const std::string& directory, WeightFile file,
                                     const std::map<std::string, TensorSpec>& specs) {
  const std::string path = directory + "/" + weight_file_name(file);
  auto weights = SafetensorsFile::open(path, most_bytes(specs), Links::Refuse);
  if (weights.ok() || weights.error().kind != ErrorKind::NotFound)
    return weights;
  return Error{
      ErrorKind::NotFound,
      "the model has no " + path + "; " +
          (file == WeightFile::Int8 ? "use precision fp32, or make it with 'jetsoncaption quantize'"
                                    : "use precision int8, or get the complete bundle")};
}

}  // namespace

const char* weight_file_name(WeightFile file) {
  return file == WeightFile::Master ? kMasterWeightsName : kInt8WeightsName;
}

Result<Bundle> open_bundle(const std::string& directory, WeightFile file) {
  const std::string config_path = directory + "/config.json";
  const auto config_text = read_text_file(config_path, kMaxConfigBytes);
  if (!config_text.ok())
    return config_text.error();
  auto config = parse_config(config_text.value(), config_path);
  if (!config.ok())
    return config.error();

  const std::string vocabulary_path = directory + "/vocabulary.txt";
  const auto vocabulary_text = read_text_file(vocabulary_path, kMaxVocabularyBytes);
  if (!vocabulary_text.ok())
    return vocabulary_text.error();
  std::istringstream stream(vocabulary_text.value());
  auto vocabulary = Vocabulary::read(stream, vocabulary_path);
  if (!vocabulary.ok())
    return vocabulary.error();
  const int words = vocabulary.value().size();

  const auto cost = check_cost(config.value(), words, config_path);
  if (!cost.ok())
    return cost.error();
  const auto tokens = check_tokens(config.value().tokens, words, directory);
  if (!tokens.ok())
    return tokens.error();
  const auto self_test = check_self_test(config.value(), words, directory);
  if (!self_test.ok())
    return self_test.error();
  const auto precision = check_precision(config.value(), file, directory);
  if (!precision.ok())
    return precision.error();

  auto tags = read_tags(directory, config.value(), vocabulary.value());
  if (!tags.ok())
    return tags.error();
  const auto specs = expected_tensors(config.value(), words, file);
  auto weights = open_weights(directory, file, specs);
  if (!weights.ok())
    return weights.error();
  const auto checked = check_weights(weights.value(), specs);
  if (!checked.ok())
    return checked.error();

  return Bundle{directory, std::move(config.value()), std::move(vocabulary.value()),
                std::move(tags.value()), std::move(weights.value())};
}

bool has_weight_file(const std::string& directory, WeightFile file) {
  // What cannot be looked at is there: opening it says what is wrong.
  struct stat status {};
  if (stat((directory + "/" + weight_file_name(file)).c_str(), &status) != 0)
    return errno != ENOENT && errno != ENOTDIR;
  return S_ISREG(status.st_mode);
}

std::string format_tags(const std::vector<int>& tag_words, const Vocabulary& vocabulary) {
  std::string text;
  for (const int word : tag_words)
    text += (word < 0 ? std::string() : vocabulary.word(word)) + '\n';
  return text;
}

Result<void> write_text_file(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  return file.finish();
}

}  // namespace jetsoncaption
