#include "ctl/reset.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/handshake.hpp"

namespace jumpgate::ctl {
namespace {

constexpr base::TokenRate kPerSource{.tokens = 1, .per = seconds(1), .burst = 1};
constexpr base::TokenRate kInAll{.tokens = 1000, .per = seconds(1), .burst = 1000};

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

std::string failure(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

std::expected<crypto::ResetKey, std::string> make_key(const std::string& path,
                                                      base::RandomSource& random) {
  crypto::ResetKey key;
  random.fill(key.get());
  // Written aside and renamed: a crash leaves no half of a key.
  const std::string aside = path + ".new";
  ::unlink(aside.c_str());
  const File file(
      ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.fd() < 0) return std::unexpected(failure(aside, "can not be made"));
  const auto size = static_cast<ssize_t>(key.get().size());
  if (::write(file.fd(), key.get().data(), key.get().size()) != size || ::fsync(file.fd()) != 0)
    return std::unexpected(failure(aside, "can not be written"));
  if (::rename(aside.c_str(), path.c_str()) != 0)
    return std::unexpected(failure(path, "can not be made"));
  return key;
}

/// Whoever says goodbye needs no word that the session is gone.
bool is_farewell(wire::Type type) {
  return type == wire::Type::kClose || type == wire::Type::kControlClose;
}

}  // namespace

std::expected<crypto::ResetKey, std::string> load_reset_key(const std::string& path,
                                                            base::RandomSource& random) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.fd() < 0) {
    if (errno == ENOENT) return make_key(path, random);
    return std::unexpected(failure(path, "can not be read"));
  }
  struct stat status{};
  if (::fstat(file.fd(), &status) != 0) return std::unexpected(failure(path, "can not be read"));
  if (!S_ISREG(status.st_mode) || (status.st_mode & 0077) != 0)
    return std::unexpected(path + ": must be a file that only its owner can read (chmod 600)");
  crypto::ResetKey key;
  const auto size = static_cast<ssize_t>(key.get().size());
  if (status.st_size != size || ::read(file.fd(), key.get().data(), key.get().size()) != size)
    return std::unexpected(path + ": expected exactly 32 bytes; remove it to have a new one made");
  return key;
}

Resets::Resets(Core& core, MonoNs now)
    : core_(core), sources_(kPerSource, kMaxSources, core.ports.random), all_(kInAll, now) {}

void Resets::on_unknown_cid(wire::Type type, ConnectionId cid, const Endpoint& from,
                            const Endpoint& to, std::uint64_t size, MonoNs now) {
  if (is_farewell(type) || size <= wire::kResetSize || core_.stopping) return;
  if (!sources_.take(from.address, now) || !all_.take(now)) {
    core_.counters.add(ControllerCounter::kResetsSuppressed);
    return;
  }
  std::array<std::uint8_t, wire::kResetSize> message{};
  wire::encode_reset({.random = core_.ports.random.array<6>(),
                      .token = crypto::derive_reset_token(core_.reset_key, cid)},
                     message);
  core_.counters.add(ControllerCounter::kResets);
  if (!core_.ports.datagrams.send(to, from, message))
    core_.counters.add(ControllerCounter::kSendFailed);
}

}  // namespace jumpgate::ctl
