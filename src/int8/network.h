// SPDX-License-Identifier: LGPL-2.1-or-later
// A network that computes in int8 arithmetic.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "bundle/bundle.h"
#include "captioner/caption_network.h"

namespace jetsoncaption {

// int8 arithmetic, for an int8 bundle, on every processor with the same results. The decoder's
// weights are used where the bundle has them: it must outlive the network.
std::unique_ptr<CaptionNetwork> make_int8_network(const Bundle& bundle);

// Gives the memory of those weights back that a network of make_int8_network() has copied, which
// are the encoder's: no other network can be made of the bundle then.
void give_back_int8_copies(Bundle& bundle);

// A bundle and the layout of its weights, for all networks of the process that use it.
class Int8Model {
 public:
  virtual ~Int8Model() = default;

  virtual const std::shared_ptr<const Bundle>& bundle() const = 0;

  // Has buffers of its own, 4 MB of them, and shares the weights; must not outlive the model.
  virtual std::unique_ptr<CaptionNetwork> make_network() const = 0;
};

// Opens the int8 weights of a bundle, or joins those who have them open: while somebody does, and
// the files are the same ones, it is not read again. From any thread; waits for another thread that
// opens a model. NotFound, CorruptModel, OutOfMemory.
Result<std::shared_ptr<const Int8Model>> open_int8_model(const std::string& directory);

}  // namespace jetsoncaption
