#include "audit/datagram_sink.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.hpp"

namespace jumpgate::audit {
namespace {

// A JSON line holds no newline but its last, so each field of the entry is one line of text.
std::string journal_entry(const Event& event, std::string_view line) {
  constexpr int kNotice = 5;
  constexpr int kInfo = 6;
  std::string entry = fmt::format(
      "PRIORITY={}\nSYSLOG_IDENTIFIER=jumpgate\nJUMPGATE_EVENT={}\nJUMPGATE_REASON={}\n",
      is_security(event.type) ? kNotice : kInfo, to_string(event.type), to_string(event.reason));
  if (event.session != SessionId{})
    entry += fmt::format("JUMPGATE_SESSION={}\n", base::format_session_id(event.session));
  entry += "MESSAGE=";
  entry += line;
  return entry;
}

}  // namespace

DatagramSink::~DatagramSink() {
  close();
}

bool DatagramSink::write(const Event& event, std::string_view line) {
  if (fd_ < 0 && !connect()) return false;
  const std::string entry =
      form_ == Form::kJournal ? journal_entry(event, line) : std::string(line);
  const ssize_t sent = ::send(fd_, entry.data(), entry.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (std::cmp_equal(sent, entry.size())) return true;
  // A listener that is slow may catch up; one that is gone may come back under the same path.
  if (errno != EAGAIN && errno != ENOBUFS) close();
  return false;
}

bool DatagramSink::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof(address.sun_path)) return false;
  std::ranges::copy(path_, address.sun_path);
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return false;
  // The socket interface takes every kind of address through this one type.
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
    return true;
  close();
  return false;
}

void DatagramSink::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace jumpgate::audit
