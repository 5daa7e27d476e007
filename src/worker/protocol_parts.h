// SPDX-License-Identifier: LGPL-2.1-or-later
// What messages of both ways are made of: the head, texts, numbers, and taking them off again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "worker/protocol.h"

namespace jetsoncaption {

constexpr uint32_t kAnswer = 0x100;  // the kind of an answer is that of its request and this
constexpr uint32_t kStage = 0x200;   // a kind of its own
constexpr uint32_t kMaxThreads = 4096;

// Members are in an order that leaves no gaps, so that no byte is sent that was not written.
struct MessageHead {
  uint32_t magic;
  uint32_t version;
  uint32_t kind;
  uint32_t length;  // of what is behind the head
  uint64_t serial;
};
static_assert(sizeof(MessageHead) == 24, "no gaps");

template <size_t kSize>
void put_text(char (&to)[kSize], const char* from) {
  const size_t length = std::min(strnlen(from, kSize), kSize - 1);
  std::memcpy(to, from, length);
}

template <size_t kSize>
bool ends(const char (&text)[kSize]) {
  return strnlen(text, kSize) < kSize;
}

template <size_t kSize>
void get_text(char (&to)[kSize], const char (&from)[kSize]) {
  std::memcpy(to, from, kSize);
}

// Replaces what `message` has by a head, whose length finish_message() writes.
void begin_message(uint32_t kind, uint64_t serial, std::vector<char>& message);
void append(const void* bytes, size_t length, std::vector<char>& message);
void finish_message(std::vector<char>& message);

template <typename Body>
void append(const Body& body, std::vector<char>& message) {
  static_assert(std::is_trivially_copyable<Body>::value, "it is sent as it lies");
  append(&body, sizeof body, message);
}

Error nonsense(const std::string& what);

// Reads the head, and checks that the message is as long as it says.
Result<MessageHead> read_head(const char* bytes, size_t length);

// Takes the front of what is left.
class MessageReader {
 public:
  MessageReader(const char* bytes, size_t length) : at_(bytes), left_(length) {}

  bool take(void* to, size_t length) {
    if (length > left_)
      return false;
    if (length > 0)
      std::memcpy(to, at_, length);
    at_ += length;
    left_ -= length;
    return true;
  }
  template <typename Body>
  bool take(Body& body) {
    static_assert(std::is_trivially_copyable<Body>::value, "it is read as it lies");
    return take(&body, sizeof body);
  }
  bool is_at_end() const { return left_ == 0; }

 private:
  const char* at_;
  size_t left_;
};

}  // namespace jetsoncaption
