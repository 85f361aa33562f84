/// A refusal over the control socket: a stable code and a sentence for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jumpgate::api {

enum class ErrorCode : std::uint8_t {
  kBadRequest,    // no JSON, no such command, or arguments of a wrong kind
  kNotFound,      // no such session or peer
  kAmbiguous,     // the name fits more than one session
  kRefused,       // understood, but not done: the message says why
  kBusy,          // too many clients, or no answer in time
  kTooLarge,      // the answer does not fit a message
  kCannotConnect  // client's side: no socket, no right, or the other side went away
};

std::string_view to_string(ErrorCode code);
std::optional<ErrorCode> error_code_from(std::string_view name);

struct Error {
  ErrorCode code{ErrorCode::kRefused};
  std::string message;
  bool operator==(const Error&) const = default;
};

}  // namespace jumpgate::api
