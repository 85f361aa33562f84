#include "api/gateway_calls.hpp"

#include <nlohmann/json.hpp>

namespace jumpgate::api {

std::expected<nlohmann::json, Error> GatewayCalls::call(std::string_view command,
                                                        const nlohmann::json& arguments) {
  const auto request = request_from(command, arguments);
  if (!request) return std::unexpected(request.error());
  const Response response = handler_.handle(*request);
  if (!response) return std::unexpected(response.error());
  return to_json(*response);
}

}  // namespace jumpgate::api
