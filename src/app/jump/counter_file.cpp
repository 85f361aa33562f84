#include "app/jump/counter_file.hpp"

#include <charconv>
#include <cstdio>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

namespace jumpgate::jump {

std::uint64_t CounterFile::last() {
  std::ifstream file(path_);
  std::string text;
  if (!std::getline(file, text)) return 0;
  std::uint64_t counter = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), counter);
  return error == std::errc{} && end == text.data() + text.size() ? counter : 0;
}

bool CounterFile::write(std::uint64_t counter) {
  // A new file renamed over the old one: a crash leaves one of the two, never half of one.
  const std::string next = path_ + ".new";
  const int fd = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const std::string text = std::to_string(counter) + "\n";
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool synced = written && ::fsync(fd) == 0;
  ::close(fd);
  return synced && std::rename(next.c_str(), path_.c_str()) == 0;
}

}  // namespace jumpgate::jump
