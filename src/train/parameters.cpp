// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes, saves and loads the tensors that training changes.
#include "train/parameters.h"

#include <cmath>
#include <fstream>

#include <torch/torch.h>

#include "base/hash.h"
#include "base/text.h"
#include "bundle/bundle.h"
#include "bundle/safetensors.h"
#include "torch/weights.h"

#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace jetsoncaption {
namespace {

constexpr int kUsualKernel = 3;  // where the description does not name the depthwise kernels

torch::Tensor draw(const std::string& name, const std::vector<int64_t>& shape) {
  if (name == "decoder.embedding.weight")
    return torch::randn(shape) * 0.1;
  if (shape.size() == 1)
    return torch::zeros(shape);
  const double limit = std::sqrt(3.0 / static_cast<double>(shape.back()));
  return torch::empty(shape).uniform_(-limit, limit);
}

bool is_folder(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// The encoder of a bundle.
Result<void> describe_bundle(const std::string& directory, ModelConfig& config) {
  auto bundle = open_bundle(directory, WeightFile::Master);
  if (!bundle.ok())
    return bundle.error();
  const ModelConfig& known = bundle.value().config;
  config.encoder = known.encoder;
  config.input_width = known.input_width;
  config.input_height = known.input_height;
  config.input_scale = known.input_scale;
  config.input_mean = known.input_mean;
  return {};
}

}  // namespace

std::string backbone_weights(const std::string& backbone) {
  return is_folder(backbone) ? backbone + "/model.safetensors" : backbone;
}

Result<void> read_backbone_description(const std::string& backbone, ModelConfig& config) {
  if (is_folder(backbone))
    return describe_bundle(backbone, config);
  const size_t dot = backbone.rfind('.');
  const std::string path = backbone.substr(0, dot) + ".json";
  std::ifstream file(path);
  if (!file) {
    return Error{ErrorKind::NotFound, path + " cannot be opened; the description of the backbone " +
                                          "must lie beside its weights"};
  }
  try {
    const auto json = nlohmann::json::parse(file);
    config.encoder.stem_channels = json.at("stem").at("out_channels");
    config.encoder.head_channels = json.at("head").at("out_channels");
    config.encoder.blocks.clear();
    for (const auto& block : json.at("blocks")) {
      BlockConfig read;
      read.in_channels = block.at("in_channels");
      read.hidden_channels = block.at("hidden_channels");
      read.out_channels = block.at("out_channels");
      read.kernel = block.contains("kernel") ? block.at("kernel").get<int>() : kUsualKernel;
      read.stride = block.at("stride");
      read.residual = block.at("residual");
      config.encoder.blocks.push_back(read);
    }
    const auto& input = json.at("input");
    config.input_width = input.at("width");
    config.input_height = input.at("height");
    const float scale = input.at("scale");
    const float offset = input.at("offset");  // x = pixel * scale + offset
    config.input_scale.fill(scale);
    config.input_mean.fill(-offset / scale);
  } catch (const nlohmann::json::exception& e) {
    return Error{ErrorKind::InvalidArgument,
                 path + " does not describe a backbone: " + std::string(e.what())};
  }
  return {};
}

Result<NamedTensors> initial_parameters(const std::string& backbone, const ModelConfig& config,
                                        int vocabulary_size) {
  auto file = SafetensorsFile::open(backbone_weights(backbone));
  if (!file.ok())
    return file.error();
  const NamedTensors stored = fp32_tensors(file.value());
  const bool bundle = is_folder(backbone);
  NamedTensors parameters;
  for (const auto& [name, spec] : expected_tensors(config, vocabulary_size, WeightFile::Master)) {
    if (!starts_with(name, "encoder.")) {
      parameters[name] = draw(name, spec.shape);
      continue;
    }
    const auto found = stored.find(bundle ? name : name.substr(std::string("encoder.").size()));
    if (found == stored.end() || found->second.sizes() != torch::IntArrayRef(spec.shape)) {
      return Error{ErrorKind::InvalidArgument,
                   backbone + " has no tensor for " + name + " in the shape its description says"};
    }
    parameters[name] = found->second.clone();
  }
  return parameters;
}

std::string content_hash(const NamedTensors& tensors) {
  uint64_t hash = hash_text("");
  for (const auto& [name, tensor] : tensors) {
    const auto values = tensor.detach().contiguous();
    hash = hash_text(name + "\n", hash);
    hash = hash_text({static_cast<const char*>(values.data_ptr()), values.nbytes()}, hash);
  }
  return std::to_string(hash);
}

NamedTensors copy_tensors(const NamedTensors& tensors) {
  NamedTensors copies;
  for (const auto& [name, tensor] : tensors)
    copies[name] = tensor.detach().clone();
  return copies;
}

Result<void> save_tensors(const std::string& path, const NamedTensors& tensors) {
  NamedTensors contiguous;
  for (const auto& [name, tensor] : tensors)
    contiguous[name] = tensor.detach().contiguous();
  return write_safetensors(path, tensor_views(contiguous), {{"format", "pt"}});
}

Result<void> load_tensors(const std::string& path, NamedTensors& tensors) {
  auto file = SafetensorsFile::open(path);
  if (!file.ok())
    return file.error();
  const NamedTensors stored = fp32_tensors(file.value());
  const torch::NoGradGuard no_gradients;
  for (auto& [name, tensor] : tensors) {
    const auto found = stored.find(name);
    if (found == stored.end() || found->second.sizes() != tensor.sizes()) {
      return Error{ErrorKind::CorruptModel,
                   path + " has no tensor " + name + " of the shape that this model has"};
    }
    tensor.copy_(found->second);
  }
  return {};
}

}  // namespace jetsoncaption
