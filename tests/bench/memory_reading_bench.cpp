// SPDX-License-Identifier: LGPL-2.1-or-later
// How long a reading of the memory in use takes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "memory/sampler.h"

#include <unistd.h>

int main() {
  using Clock = std::chrono::steady_clock;
  constexpr int kReadings = 20000;
  const jetsoncaption::MemorySampler sampler;
  std::vector<double> times_us;
  times_us.reserve(kReadings);
  for (int i = 0; i < kReadings; i++) {
    const auto begin = Clock::now();
    sampler.sample();
    times_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    if (i % 100 == 0)
      usleep(1000);  // with cold caches now and then, as between frames
  }
  std::sort(times_us.begin(), times_us.end());
  std::printf("%d readings: median %.1f us, 99 %% %.1f us, longest %.1f us\n", kReadings,
              times_us[kReadings / 2], times_us[kReadings / 100 * 99], times_us.back());
  return 0;
}
