// SPDX-License-Identifier: LGPL-2.1-or-later
// The head of messages, and bytes behind it.
#include "worker/protocol_parts.h"

namespace jetsoncaption {
namespace {

constexpr uint32_t kMagic = 0x4a43574b;  // "KWCJ"

}  // namespace

void begin_message(uint32_t kind, uint64_t serial, std::vector<char>& message) {
  message.resize(sizeof(MessageHead));
  const MessageHead head = {kMagic, kWorkerProtocolVersion, kind, 0, serial};
  std::memcpy(message.data(), &head, sizeof head);
}

void append(const void* bytes, size_t length, std::vector<char>& message) {
  const auto* begin = static_cast<const char*>(bytes);
  message.insert(message.end(), begin, begin + length);
}

void finish_message(std::vector<char>& message) {
  const auto length = static_cast<uint32_t>(message.size() - sizeof(MessageHead));
  std::memcpy(message.data() + offsetof(MessageHead, length), &length, sizeof length);
}

Error nonsense(const std::string& what) {
  return {ErrorKind::Internal, what};
}

Result<MessageHead> read_head(const char* bytes, size_t length) {
  MessageHead head;
  if (length < sizeof head)
    return nonsense("a message of " + std::to_string(length) + " bytes");
  std::memcpy(&head, bytes, sizeof head);
  if (head.magic != kMagic)
    return nonsense("a message of something else");
  if (head.version != kWorkerProtocolVersion)
    return nonsense("version " + std::to_string(head.version) + " of the protocol instead of " +
                    std::to_string(kWorkerProtocolVersion) +
                    "; install the plugin and the worker from one release");
  if (head.length != length - sizeof head)
    return nonsense("a message of another length than it says");
  return head;
}

}  // namespace jetsoncaption
