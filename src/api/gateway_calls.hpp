/// The commands of protocol.hpp on a Server: JSON in, a typed request to the gateway's Handler,
/// JSON out.
///
/// Owner thread: the server's. Bound: one call at a time. Failure: what is not understood never
/// reaches the Handler.
#pragma once

#include "api/protocol.hpp"
#include "api/server.hpp"

namespace jumpgate::api {

class GatewayCalls final : public CallHandler {
 public:
  explicit GatewayCalls(Handler& handler) : handler_(handler) {}
  std::expected<nlohmann::json, Error> call(std::string_view command,
                                            const nlohmann::json& arguments) override;

 private:
  Handler& handler_;
};

}  // namespace jumpgate::api
