// SPDX-License-Identifier: LGPL-2.1-or-later
// Decodes pictures on all cores.
#include "train/data_check.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/hash.h"
#include "base/picture_name.h"
#include "image/shrinker.h"

#include <dirent.h>
#include <sys/stat.h>

namespace jetsoncaption {
namespace {

// RGB rows as planes: [3, height, width].
void copy_planes(const std::vector<uint8_t>& rgb, std::vector<uint8_t>& planes) {
  const size_t pixels = rgb.size() / 3;
  for (size_t i = 0; i < pixels; ++i) {
    for (size_t channel = 0; channel < 3; ++channel)
      planes[channel * pixels + i] = rgb[3 * i + channel];
  }
}

std::string last_part(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<Image> read_from(const PictureSource& source, const std::string& name,
                        const PictureReader& read) {
  const PictureSize size{source.width, source.height};
  if (name.front() == '/')
    return read(name, size);
  auto image = read(source.directory + "/" + name, size);
  const bool elsewhere = !image.ok() && image.error().kind == ErrorKind::NotFound &&
                         name.find('/') != std::string::npos;
  if (!elsewhere)
    return image;
  auto nearer = read(source.directory + "/" + last_part(name), size);
  return nearer.ok() ? std::move(nearer) : std::move(image);
}

// What several threads do together: each takes the next picture until there are no more.
class Check {
 public:
  Check(const PictureSource& source, const PictureReader& read, ShardStore& store)
      : source_(source), read_(read), store_(store), faults_(source.names.size()) {}

  Result<CheckedPictures> run(const ProgressReport& progress) {
    {
      const Threads threads(*this, std::clamp(source_.threads, 1, 64));
      report_until_done(progress);
    }
    if (failure_)
      return *failure_;
    CheckedPictures checked;
    for (size_t i = 0; i < faults_.size(); ++i) {
      if (faults_[i])
        checked.unreadable.emplace(i, source_.names[i] + ": " + *faults_[i]);
      else
        checked.usable.push_back(i);
    }
    return checked;
  }

 private:
  // Running; at the end, also by an exception, all have ended.
  class Threads {
   public:
    Threads(Check& check, int count) : check_(check) {
      for (int i = 0; i < count; ++i)
        threads_.emplace_back([&check] { check.work(); });
    }
    ~Threads() {
      check_.stopped_ = true;  // all pictures are done, or nobody wants them
      for (std::thread& thread : threads_)
        thread.join();
    }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

   private:
    Check& check_;
    std::vector<std::thread> threads_;
  };

  void work() {
    Shrinker shrinker;
    std::vector<uint8_t> rgb(source_.record_bytes());
    std::vector<uint8_t> planes(rgb.size());
    for (size_t i = next_++; i < source_.names.size() && !stopped_; i = next_++) {
      if (store_.checksum(i) == 0)
        take(i, shrinker, rgb, planes);
      const std::lock_guard<std::mutex> lock(mutex_);
      ++done_;
      changed_.notify_one();
    }
  }

  void take(size_t i, Shrinker& shrinker, std::vector<uint8_t>& rgb, std::vector<uint8_t>& planes) {
    faults_[i] = fault_of(source_.names[i], shrinker, rgb);
    if (faults_[i])
      return;
    copy_planes(rgb, planes);
    auto written = store_.write(i, planes.data());
    if (!written.ok())
      fail(written.error());
  }

  // Leaves the picture in `rgb`, or says what is wrong.
  std::optional<std::string> fault_of(const std::string& name, Shrinker& shrinker,
                                      std::vector<uint8_t>& rgb) const {
    try {
      auto image = read_from(source_, name, read_);
      if (!image.ok())
        return image.error().message;
      auto shrunk =
          shrinker.shrink_to(image.value().view(), source_.width, source_.height, rgb.data());
      if (!shrunk.ok())
        return shrunk.error().message;
      return std::nullopt;
    } catch (const std::bad_alloc&) {
      return std::string("there is not enough memory to read it; make it smaller");
    } catch (const std::exception& e) {
      return std::string(e.what());
    }
  }

  void fail(const Error& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_)
      failure_ = error;
    stopped_ = true;
  }

  // On the caller's thread.
  void report_until_done(const ProgressReport& progress) {
    const size_t total = source_.names.size();
    std::unique_lock<std::mutex> lock(mutex_);
    while (done_ < total && !stopped_) {
      changed_.wait(lock);
      const size_t done = done_;
      lock.unlock();
      progress("pictures", static_cast<int>(done), static_cast<int>(total));
      lock.lock();
    }
  }

  const PictureSource& source_;
  const PictureReader& read_;
  ShardStore& store_;
  std::vector<std::optional<std::string>> faults_;  // each written by one thread
  std::atomic<size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  size_t done_ = 0;
  std::optional<Error> failure_;
};

}  // namespace

std::string pictures_key(const PictureSource& source) {
  uint64_t hash = hash_text("");
  const auto add = [&hash](const std::string& text) { hash = hash_text(text + '\n', hash); };
  add("shrunk by the reader");  // those of before were other pixels
  for (const std::string& name : source.names) {
    const std::string path = name.front() == '/' ? name : source.directory + "/" + name;
    struct stat status {};
    const bool found = stat(path.c_str(), &status) == 0 ||
                       stat((source.directory + "/" + last_part(name)).c_str(), &status) == 0;
    add(path);
    if (found) {
      add(std::to_string(status.st_size) + " " + std::to_string(status.st_mtim.tv_sec) + " " +
          std::to_string(status.st_mtim.tv_nsec));
    }
  }
  return std::to_string(source.names.size()) + " pictures of " + std::to_string(source.width) +
         "x" + std::to_string(source.height) + ", " + std::to_string(hash);
}

Result<CheckedPictures> check_pictures(const PictureSource& source, const PictureReader& read,
                                       ShardStore& store, const ProgressReport& progress) {
  return Check(source, read, store).run(progress);
}

LeftOut pictures_without_sentence(const std::string& directory,
                                  const std::vector<std::string>& names) {
  std::set<std::string> known;
  for (const std::string& name : names)
    known.insert(last_part(name));
  std::set<std::string> unknown;  // in an order that does not depend on the file system
  if (DIR* opened = opendir(directory.c_str())) {
    while (const dirent* entry = readdir(opened)) {
      if (is_picture_name(entry->d_name) && known.count(entry->d_name) == 0)
        unknown.insert(entry->d_name);
    }
    closedir(opened);
  }
  LeftOut left_out;
  for (const std::string& name : unknown)
    left_out.add(name + " has no sentence");
  return left_out;
}

}  // namespace jetsoncaption
