#include "app/standard_streams.hpp"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace jumpgate::app {

void hold_standard_streams() {
  // open() takes the lowest number that is free: the closed ones first.
  int fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO)
    fd = ::open("/dev/null", O_RDWR);
  if (fd >= 0) ::close(fd);
}

void outlive_readers() {
  std::signal(SIGPIPE, SIG_IGN);
}

void complain(std::string_view program, std::string_view line) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(program.size()), program.data(),
               static_cast<int>(line.size()), line.data());
}

bool output_is_whole() {
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

}  // namespace jumpgate::app
