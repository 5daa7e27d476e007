// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides which pictures are learnt from and which are kept aside to measure on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/left_out.h"
#include "base/result.h"
#include "text/caption_formats.h"

namespace jetsoncaption {

struct CaptionSplit {
  std::vector<size_t> train;  // places in CaptionList::pictures, in the order said below
  std::vector<size_t> dev;
  LeftOut left_out;  // pictures of a list that have no sentence
};

// Lists of names from the user; an empty one was not given.
struct SplitLists {
  std::vector<std::string> train;
  std::vector<std::string> dev;
  bool train_alone = false;  // there are dev pictures elsewhere: with a list of training pictures
                             // and none of dev pictures, none are kept aside
};

// A list from the user decides, and its order is kept; with a list of dev pictures alone all others
// are learnt from. Without lists the file decides, if it says what its pictures are for; its test
// pictures are used for nothing. Where nobody has chosen dev pictures a tenth is kept aside, at
// most 1000, by a hash of the name: below 10,000 pictures one stays in its part when others are
// added. InvalidArgument when a part would be empty.
Result<CaptionSplit> split_pictures(const std::vector<CaptionedPicture>& pictures,
                                    const SplitLists& lists);

}  // namespace jetsoncaption
