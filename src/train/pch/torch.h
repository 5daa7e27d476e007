// SPDX-License-Identifier: LGPL-2.1-or-later
// Read once for all files of the trainer; see model/pch/torch_types.h.
#include <torch/torch.h>
