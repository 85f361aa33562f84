#include "api/error.hpp"

#include <array>

namespace jumpgate::api {

namespace {
constexpr std::array kCodes{ErrorCode::kBadRequest,   ErrorCode::kNotFound, ErrorCode::kAmbiguous,
                            ErrorCode::kRefused,      ErrorCode::kBusy,     ErrorCode::kTooLarge,
                            ErrorCode::kCannotConnect};
}

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadRequest:
      return "bad_request";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kAmbiguous:
      return "ambiguous";
    case ErrorCode::kRefused:
      return "refused";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kCannotConnect:
      return "cannot_connect";
  }
  return "?";
}

std::optional<ErrorCode> error_code_from(std::string_view name) {
  for (const ErrorCode code : kCodes) {
    if (to_string(code) == name) return code;
  }
  return std::nullopt;
}

}  // namespace jumpgate::api
