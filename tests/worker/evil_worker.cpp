// SPDX-License-Identifier: LGPL-2.1-or-later
// A worker that means ill. It answers Create as it should; the directory of the model says what it
// does when it is to describe.
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "worker/protocol.h"

#include <sys/socket.h>
#include <unistd.h>

using namespace jetsoncaption;

namespace {

constexpr int kSocket = 3;

void send(const std::vector<char>& message) {
  static_cast<void>(::send(kSocket, message.data(), message.size(), MSG_NOSIGNAL));
}

WorkerAnswer good_answer() {
  WorkerAnswer answer;
  answer.stats.input_width = answer.stats.input_height = 224;
  answer.stats.attention_columns = answer.stats.attention_rows = 7;
  std::strcpy(answer.caption.caption.text, "a dog");
  return answer;
}

void send_descriptor(const std::vector<char>& bytes) {
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int descriptor = STDERR_FILENO;
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  sendmsg(kSocket, &message, MSG_NOSIGNAL);
}

void answer(const std::string& deed, const WorkerRequest& request) {
  WorkerAnswer answer = good_answer();
  std::vector<char> message;
  if (deed == "nan")
    answer.caption.caption.confidence = std::nan("");
  if (deed == "other-input")
    answer.stats.input_width = 4096;
  if (deed == "words") {
    answer.caption.caption.words = 50;
    answer.caption.words.resize(50);
    answer.caption.maps.resize(size_t{50} * 49);
  }
  encode_answer(request.kind, deed == "serial" ? request.serial + 1 : request.serial, answer,
                message);
  if (deed == "garbage")
    message.assign(500, 'x');
  if (deed == "empty")
    message.clear();
  if (deed == "short")
    message.resize(message.size() / 2);
  if (deed == "long")
    message.resize(kWorkerMaxMessage + 5000);
  if (deed == "unended")
    std::memset(message.data() + 200, 'x', message.size() - 200);
  if (deed == "close")
    close(kSocket);
  if (deed == "stages") {
    encode_stage(WorkerStage::Describing, message);
    for (int i = 0; i < 100; i++)
      send(message);
  }
  if (deed == "descriptor")
    send_descriptor(message);
  else if (deed != "silence")
    send(message);
  if (deed == "chatter")  // answers that nobody asked for
    send(message);
}

}  // namespace

int main() {
  std::vector<char> bytes(kWorkerMaxMessage);
  std::string deed;
  for (;;) {
    const ssize_t length = recv(kSocket, bytes.data(), bytes.size(), 0);
    WorkerRequest request;
    if (length <= 0 && deed == "close")
      sleep(60);
    if (length <= 0)
      return 0;
    if (!decode_request(bytes.data(), static_cast<size_t>(length), request).ok())
      return 1;
    if (request.kind == RequestKind::Create) {
      deed = request.create.model_dir;
      std::vector<char> message;
      encode_answer(request.kind, request.serial, good_answer(), message);
      send(message);
    } else if (request.kind == RequestKind::Describe) {
      answer(deed, request);
    }
  }
}
