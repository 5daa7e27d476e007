// SPDX-License-Identifier: LGPL-2.1-or-later
// Parses the kernel's memory files without allocating.
#include "memory/sampler.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr uint64_t kMaximum = std::numeric_limits<uint64_t>::max();
// Version 1 writes a number near 2^63 where there is no limit.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;
constexpr uint64_t kKilobyte = 1024;
// One reading of so many.
constexpr unsigned kThorough = 4;

uint64_t multiply(uint64_t a, uint64_t b) {
  return b != 0 && a > kMaximum / b ? kMaximum : a * b;
}

// Text that was read from a file. The end is a zero byte.
struct Text {
  char bytes[8192];  // /proc/meminfo has 1.5 kB
};

class File {
 public:
  explicit File(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (is_open())
      close(descriptor_);
  }
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  bool is_open() const { return descriptor_ >= 0; }

  // Reads the file's beginning as it is now. False, and empty, where that fails.
  bool read(Text& text) const noexcept {
    const ssize_t length =
        is_open() ? pread(descriptor_, text.bytes, sizeof text.bytes - 1, 0) : -1;
    text.bytes[std::max<ssize_t>(length, 0)] = '\0';
    return length > 0;
  }

 private:
  int descriptor_;
};

// Reads a number after blanks; false where there is none. `position` ends behind the number.
bool parse_number(const char*& position, uint64_t& number) {
  while (*position == ' ' || *position == '\t')
    ++position;
  if (*position < '0' || *position > '9')
    return false;
  number = 0;
  for (; *position >= '0' && *position <= '9'; ++position) {
    const auto digit = static_cast<uint64_t>(*position - '0');
    number = number > (kMaximum - digit) / 10 ? kMaximum : number * 10 + digit;
  }
  return true;
}

// The number of the line that begins with `name`, which includes a colon or a blank.
std::optional<uint64_t> field(const Text& text, const char* name) {
  const size_t length = std::strlen(name);
  for (const char* line = text.bytes; line != nullptr && *line != '\0';) {
    if (std::strncmp(line, name, length) == 0) {
      const char* position = line + length;
      uint64_t number = 0;
      return parse_number(position, number) ? std::optional<uint64_t>(number) : std::nullopt;
    }
    line = std::strchr(line, '\n');
    if (line != nullptr)
      ++line;
  }
  return std::nullopt;
}

std::optional<uint64_t> meminfo_bytes(const Text& text, const char* name) {
  const auto kilobytes = field(text, name);
  return kilobytes ? std::optional<uint64_t>(multiply(*kilobytes, kKilobyte)) : std::nullopt;
}

// The second and third field of <proc>/N/statm, in pages. 0: not there.
struct ResidentPages {
  uint64_t all = 0;
  uint64_t shared = 0;  // or of files
};

ResidentPages resident_pages(const Text& text) {
  const char* position = text.bytes;
  uint64_t size = 0;
  ResidentPages pages;
  if (!parse_number(position, size) || !parse_number(position, pages.all) ||
      !parse_number(position, pages.shared))
    pages.shared = 0;
  pages.shared = std::min(pages.shared, pages.all);
  return pages;
}

// "avg10=" of the line "full": per cent with two decimals. 0: not there.
double stalled_percent(const Text& text) {
  const char* position = std::strstr(text.bytes, "full avg10=");
  uint64_t whole = 0;
  uint64_t hundredths = 0;
  if (position == nullptr)
    return 0;
  position += std::strlen("full avg10=");
  if (!parse_number(position, whole) || *position++ != '.' || !parse_number(position, hundredths))
    return 0;
  return static_cast<double>(std::min<uint64_t>(whole, 100)) +
         static_cast<double>(std::min<uint64_t>(hundredths, 99)) / 100;
}

uint64_t add(uint64_t a, uint64_t b) {
  return a > kMaximum - b ? kMaximum : a + b;
}

// The number in a file of a cgroup that limits something; kMaximum: "max", or no such file.
uint64_t read_limit(const File& file, Text& text) {
  uint64_t bytes = 0;
  file.read(text);
  const char* position = text.bytes;
  return parse_number(position, bytes) && bytes < kNoLimit ? bytes : kMaximum;
}

// A cgroup on the way from ours to the root. Each may have a limit, and the tightest counts.
struct Cgroup {
  File limit;
  File brake;  // of version 2: beyond it the kernel slows all down that take memory
  File usage;
  File statistics;
  const char* inactive_file;  // the line of the statistics
  uint64_t inactive_bytes = 0;
  uint64_t left_bytes = kMaximum;  // at the newest reading that could be made

  // kMaximum: no limit.
  uint64_t limit_bytes(Text& text) const noexcept {
    return std::min(read_limit(limit, text), read_limit(brake, text));
  }

  // kMaximum: no limit.
  uint64_t available_bytes(Text& text, bool is_thorough) noexcept {
    uint64_t usage_bytes = 0;
    if (!usage.read(text))
      return left_bytes;
    const char* position = text.bytes;
    if (!parse_number(position, usage_bytes))
      return left_bytes;
    const uint64_t most = limit_bytes(text);
    if (most == kMaximum)
      return left_bytes = kMaximum;
    // Pages of files that were not used lately count as usage, and are given up before anything
    // else: a process that records a video fills every limit with them.
    if (is_thorough) {
      statistics.read(text);
      inactive_bytes = field(text, inactive_file).value_or(0);
    }
    usage_bytes -= std::min(usage_bytes, inactive_bytes);
    return left_bytes = most > usage_bytes ? most - usage_bytes : 0;
  }
};

// Where this process's memory cgroup is, below its hierarchy, and how its files are called.
struct CgroupPlace {
  std::string hierarchy;
  std::string path;
  const char* limit = nullptr;
  const char* brake = nullptr;
  const char* usage = nullptr;
  const char* inactive_file = nullptr;
};

// A path that leads out of what a container sees says nothing about the files in it.
bool leads_out(const std::string& path) {
  return (path + "/").find("/../") != std::string::npos;
}

// Reads <proc>/self/cgroup: lines of id:controllers:path. A machine that mixes both versions has
// its memory controller in version 1, so that one is preferred.
CgroupPlace find_cgroup(const MemoryRoots& roots) {
  CgroupPlace place;
  std::ifstream file(roots.proc + "/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers.find(",memory,") != std::string::npos)
      return {roots.cgroup + "/memory", path,
              "/memory.limit_in_bytes", nullptr,
              "/memory.usage_in_bytes", "total_inactive_file "};
    if (controllers == ",,")
      place = {roots.cgroup,    path, "/memory.max", "/memory.high", "/memory.current",
               "inactive_file "};
  }
  return place;
}

std::vector<Cgroup> open_cgroups(const MemoryRoots& roots) {
  std::vector<Cgroup> cgroups;
  CgroupPlace place = find_cgroup(roots);
  if (place.limit == nullptr)
    return cgroups;
  if (leads_out(place.path))
    place.path.clear();
  // The path may also not exist, in a container that sees its own cgroup as the root; then its
  // limits are found on the way up.
  for (;;) {
    while (!place.path.empty() && place.path.back() == '/')
      place.path.pop_back();
    const std::string directory = place.hierarchy + place.path;
    const std::string brake = place.brake != nullptr ? directory + place.brake : "";
    Cgroup cgroup{File(directory + place.limit), File(brake), File(directory + place.usage),
                  File(directory + "/memory.stat"), place.inactive_file};
    if (cgroup.limit.is_open() && cgroup.usage.is_open())
      cgroups.push_back(std::move(cgroup));
    if (place.path.empty())
      return cgroups;
    const size_t slash = place.path.rfind('/');
    place.path.resize(slash == std::string::npos ? 0 : slash);
  }
}

// Of this process's own cgroup, where it has such a file, else of the system.
File open_pressure(const MemoryRoots& roots) {
  const CgroupPlace place = find_cgroup(roots);
  if (place.limit != nullptr && !leads_out(place.path)) {
    File pressure(place.hierarchy + place.path + "/memory.pressure");
    if (pressure.is_open())
      return pressure;
  }
  return File(roots.proc + "/pressure/memory");
}

}  // namespace

namespace {

// What was in use when less than ever was: that is of others. What an element before has left there
// is of this process.
std::atomic<uint64_t>& least_accelerator(const MemoryRoots& roots) {
  static std::mutex mutex;
  static auto& all = *new std::map<std::string, std::atomic<uint64_t>>;  // for the whole process
  const std::lock_guard<std::mutex> lock(mutex);
  return all.try_emplace(roots.proc, kMaximum).first->second;
}

}  // namespace

struct MemorySampler::Files {
  std::string proc;
  File statm;
  File meminfo;
  File pressure;
  File worker{""};  // its statm; not open without one
  unsigned readings = 0;
  double stalled = 0;  // at the newest thorough reading
  // At the newest readings that succeeded: one that fails says nothing of memory.
  ResidentPages own;
  std::optional<uint64_t> system_bytes;  // what the system had left
  std::vector<Cgroup> cgroups;
  uint64_t page_bytes;

  explicit Files(const MemoryRoots& roots)
      : proc(roots.proc),
        statm(roots.proc + "/self/statm"),
        meminfo(roots.proc + "/meminfo"),
        pressure(open_pressure(roots)),
        cgroups(open_cgroups(roots)),
        page_bytes(static_cast<uint64_t>(std::max(sysconf(_SC_PAGESIZE), 1L))) {}
};

MemorySampler::MemorySampler(const MemoryRoots& roots)
    : files_(std::make_unique<Files>(roots)), least_accelerator_bytes_(least_accelerator(roots)) {
  sample();
  files_->readings = 0;  // the first one that somebody asks for is thorough
}

MemorySampler::~MemorySampler() = default;

MemoryReading MemorySampler::sample() const noexcept {
  MemoryReading reading;
  Text text;
  const bool is_thorough = files_->readings++ % kThorough == 0;

  files_->meminfo.read(text);
  const auto accelerator = meminfo_bytes(text, "NvMapMemUsed:");
  const uint64_t accelerator_bytes = accelerator.value_or(0);
  uint64_t least = least_accelerator_bytes_;
  // A file that could not be read, this time, says nothing of what others have.
  while (accelerator && accelerator_bytes < least &&
         !least_accelerator_bytes_.compare_exchange_weak(least, accelerator_bytes)) {
  }
  reading.accelerator_bytes = accelerator_bytes - std::min(accelerator_bytes, least);
  if (const auto system = meminfo_bytes(text, "MemAvailable:"))
    files_->system_bytes = system;

  uint64_t cgroup_bytes = kMaximum;
  for (Cgroup& cgroup : files_->cgroups)
    cgroup_bytes = std::min(cgroup_bytes, cgroup.available_bytes(text, is_thorough));
  reading.is_available_known = files_->system_bytes || cgroup_bytes != kMaximum;
  if (reading.is_available_known)
    reading.available_bytes = std::min(files_->system_bytes.value_or(kMaximum), cgroup_bytes);

  if (is_thorough) {
    files_->pressure.read(text);
    files_->stalled = stalled_percent(text);
  }
  reading.stalled_percent = files_->stalled;

  if (files_->statm.read(text))
    files_->own = resident_pages(text);
  const ResidentPages& own = files_->own;
  reading.process_bytes = multiply(own.all, files_->page_bytes);
  reading.private_bytes = multiply(own.all - own.shared, files_->page_bytes);
  files_->worker.read(text);
  reading.worker_bytes = multiply(resident_pages(text).all, files_->page_bytes);
  reading.used_bytes =
      add(add(reading.process_bytes, reading.worker_bytes), reading.accelerator_bytes);
  return reading;
}

bool MemorySampler::watch_worker(unsigned pid) {
  files_->worker = pid == 0 ? File("") : File(files_->proc + "/" + std::to_string(pid) + "/statm");
  return pid == 0 || files_->worker.is_open();
}

MemoryTotals MemorySampler::totals() const noexcept {
  Text text;
  files_->meminfo.read(text);
  return {meminfo_bytes(text, "MemTotal:").value_or(0),
          meminfo_bytes(text, "SwapTotal:").value_or(0)};
}

uint64_t MemorySampler::limit_bytes() const noexcept {
  Text text;
  uint64_t limit = kMaximum;
  for (const Cgroup& cgroup : files_->cgroups)
    limit = std::min(limit, cgroup.limit_bytes(text));
  return limit == kMaximum ? 0 : limit;
}

}  // namespace jetsoncaption
