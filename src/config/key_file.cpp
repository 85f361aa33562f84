#include "config/key_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"

namespace jumpgate::config {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::expected<SecretKey, std::string> read_key_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.get() < 0)
    return std::unexpected(
        fmt::format("{}: {}; expected a readable key file", path, std::strerror(errno)));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return std::unexpected(path + " is no regular file");
  if ((info.st_mode & 077) != 0)
    return std::unexpected(
        fmt::format("{} may be read by others (mode {:04o}); mend it with: chmod 600 {}", path,
                    info.st_mode & 07777, path));
  // 44 characters and a line's end; more is no key.
  base::Secret<std::array<char, 64>> text;
  const ssize_t size = ::read(file.get(), text.get().data(), text.get().size());
  if (size < 0) return std::unexpected(fmt::format("{}: {}", path, std::strerror(errno)));
  std::string_view line{text.get().data(), static_cast<std::size_t>(size)};
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
    line.remove_suffix(1);
  auto key = base::parse_key(line);
  if (!key)
    return std::unexpected(path + " holds no key; expected one line of 44 characters of base64");
  if (base::equal_constant_time(key->get(), SecretKey{}.get()))
    return std::unexpected(path + " holds the key of zeros, which is nobody's secret");
  return std::move(*key);
}

}  // namespace jumpgate::config
