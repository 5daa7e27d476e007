// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs another program and waits for what it prints.
#include "tools/child_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace jetsoncaption {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int ends[2] = {-1, -1};  // read, write
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  void close_end(int end) {
    if (ends[end] >= 0)
      close(ends[end]);
    ends[end] = -1;
  }
};

Error system_error(const std::string& what, int number) {
  return Error{number == ENOENT || number == EACCES ? ErrorKind::NotFound : ErrorKind::Internal,
               what + ": " + std::strerror(number)};
}

Result<pid_t> start(const std::vector<std::string>& arguments, Pipe& pipe) {
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe.ends[0]);
  posix_spawn_file_actions_addclose(&actions, pipe.ends[1]);
  pid_t child = 0;
  const int failed = posix_spawn(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    return system_error(arguments[0] + " cannot be started", failed);
  return child;
}

// Reads to the end; false when the time is up before.
bool read_all(int descriptor, Clock::time_point end, std::string& output) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd ready{descriptor, POLLIN, 0};
    const int polled = left > 0 ? poll(&ready, 1, static_cast<int>(left)) : 0;
    if (polled < 0 && errno == EINTR)
      continue;
    if (polled <= 0)
      return false;
    char bytes[4096];
    const ssize_t length = read(descriptor, bytes, sizeof bytes);
    if (length < 0 && errno == EINTR)
      continue;
    if (length <= 0)
      return true;
    output.append(bytes, static_cast<size_t>(length));
  }
}

}  // namespace

Result<ChildResult> run_child(const std::vector<std::string>& arguments,
                              std::chrono::seconds timeout) {
  Pipe pipe;
  if (::pipe(pipe.ends) != 0)
    return system_error("No pipe can be made", errno);
  auto child = start(arguments, pipe);
  if (!child.ok())
    return child.error();
  pipe.close_end(1);

  ChildResult result;
  const Clock::time_point end = Clock::now() + timeout;
  result.timed_out = !read_all(pipe.ends[0], end, result.output);
  if (result.timed_out)
    kill(child.value(), SIGKILL);
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(child.value(), &status, result.timed_out ? 0 : WNOHANG)) == 0 ||
         (ended < 0 && errno == EINTR)) {
    if (ended != 0)
      continue;
    // It has closed its output and goes on.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    result.timed_out = Clock::now() >= end;
    if (result.timed_out)
      kill(child.value(), SIGKILL);
  }
  if (WIFEXITED(status))
    result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status))
    result.signal = WTERMSIG(status);
  return result;
}

}  // namespace jetsoncaption
