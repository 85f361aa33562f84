#include "app/jumpgated/state_dir.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "ctl/reset.hpp"

namespace jumpgate::app {
namespace {

std::string system_error(const std::string& what, const std::string& path) {
  return what + " " + path + ": " + std::strerror(errno);
}

/// The number in the file; 0 when there is none yet.
std::expected<std::uint64_t, std::string> read_number(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    return std::filesystem::exists(path) ? std::expected<std::uint64_t, std::string>(
                                               std::unexpected(system_error("cannot read", path)))
                                         : std::expected<std::uint64_t, std::string>(0);
  std::string text;
  std::getline(file, text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return std::unexpected(path +
                           ": a decimal number is expected; remove the file to start again from 1");
  return number;
}

/// Whole or not at all: a new file beside the old one takes its name.
std::expected<void, std::string> write_number(const std::string& path, std::uint64_t number) {
  const std::string draft = path + ".new";
  const std::string text = std::to_string(number) + "\n";
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return std::unexpected(system_error("cannot write", draft));
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(draft.c_str(), path.c_str()) != 0)
    return std::unexpected(system_error("cannot write", path));
  return {};
}

}  // namespace

std::expected<NodeState, std::string> open_state_dir(const std::string& folder,
                                                     base::RandomSource& random) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return std::unexpected("cannot make state_dir " + folder + ": " + error.message());
  auto reset_key = ctl::load_reset_key(folder + "/reset.key", random);
  if (!reset_key) return std::unexpected(reset_key.error());
  const std::string boot_file = folder + "/boot";
  const auto boot = read_number(boot_file);
  if (!boot) return std::unexpected(boot.error());
  if (const auto written = write_number(boot_file, *boot + 1); !written)
    return std::unexpected(written.error());
  return NodeState{.reset_key = std::move(*reset_key), .boot = *boot + 1};
}

}  // namespace jumpgate::app
