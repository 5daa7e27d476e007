// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel's files say of this machine and of this process. Pure functions on their text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace jetsoncaption {

// The features that /proc/cpuinfo lists of the first processor; empty where it does not, as on
// processors that are not ARM's.
std::vector<std::string> cpu_features(const std::string& cpuinfo);

// SwapTotal of /proc/meminfo, zram included; nullopt where it does not say.
std::optional<uint64_t> swap_total_mb(const std::string& meminfo);

// The files in /proc/self/maps with their folders, in the order of the addresses, each once.
std::vector<std::string> mapped_files(const std::string& maps);

// The first of them whose name begins so; "" where there is none.
std::string mapped_file(const std::string& maps, const std::string& name);

}  // namespace jetsoncaption
