// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks at the LibTorch of this machine, in a process of its own: it may be missing, or end the
// process with an illegal instruction.
//
//   jetsoncaption-torch-probe
//
// `jetsoncaption doctor` runs it. Prints a JSON object; libtorch.cpp reads it.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "torch/numeric_check.h"
#include "torch/torch_facts.h"
#include "torch/torch_runtime.h"

#include <dlfcn.h>
#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// The file of the matrix product that LibTorch calls, for there may be several: a LAPACK brings the
// BLAS that it was built with.
std::string blas_provider() {
  Dl_info found{};
  void* product = dlsym(RTLD_DEFAULT, "sgemm_");
  if (product == nullptr || dladdr(product, &found) == 0)
    return "";
  const std::unique_ptr<char, decltype(&std::free)> path(realpath(found.dli_fname, nullptr),
                                                         std::free);
  return path ? path.get() : "";
}

std::string blas_kernels() {
  const auto name =
      reinterpret_cast<const char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return name != nullptr ? name() : "";
}

std::string find_wrong_numbers() {
  std::string difference;
  const auto checked = guard_torch([&] { difference = check_numbers(); });
  return checked.ok() ? difference : checked.error().message;
}

}  // namespace
}  // namespace jetsoncaption

int main() {
  using namespace jetsoncaption;
  const nlohmann::json facts = {
      {"version", torch_version()},        {"quantized_engines", quantized_engines()},
      {"has_cuda", torch_has_cuda()},      {"blas_provider", blas_provider()},
      {"blas_kernels", blas_kernels()},    {"maps", read_text("/proc/self/maps")},
      {"difference", find_wrong_numbers()}};
  std::cout << facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  return 0;
}
