#include "api/client.hpp"

#include <nlohmann/json.hpp>

namespace jumpgate::api {

namespace {

using Json = nlohmann::json;

std::unexpected<Error> not_understood() {
  return std::unexpected(
      Error{ErrorCode::kBadRequest, "the other side's answer is not understood: same version?"});
}

std::unexpected<Error> error_of(const Json& message) {
  const Json& error = message["error"];
  if (!error.is_object()) return not_understood();
  const Json code = error.value("code", Json());
  const Json text = error.value("message", Json());
  if (!code.is_string() || !text.is_string()) return not_understood();
  return std::unexpected(
      Error{error_code_from(code.get<std::string>()).value_or(ErrorCode::kRefused), text});
}

// The "reply" of a message, or the error it carries.
std::expected<Json, Error> reply_of(const std::string& message) {
  Json json = Json::parse(message, nullptr, false);
  if (!json.is_object()) return not_understood();
  if (json.contains("error")) return error_of(json);
  if (!json.contains("reply")) return not_understood();
  return std::move(json["reply"]);
}

}  // namespace

std::expected<Client, Error> Client::connect(const std::string& path) {
  auto socket = connect_to(path);
  if (!socket) return std::unexpected(socket.error());
  return Client(std::move(*socket));
}

std::expected<std::string, Error> Client::call(std::string_view command, std::string_view arguments,
                                               Duration timeout) {
  const Json parsed = Json::parse(arguments, nullptr, false);
  if (!parsed.is_object()) {
    return std::unexpected(Error{ErrorCode::kBadRequest, "arguments are a JSON object"});
  }
  const Json request{{"id", next_id_++}, {"command", std::string(command)}, {"arguments", parsed}};
  const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  switch (send_message(socket_.fd(), text)) {
    case SendResult::kSent:
      break;
    case SendResult::kTooLarge:
      return std::unexpected(Error{ErrorCode::kTooLarge, "the request is too large"});
    case SendResult::kFull:
    case SendResult::kClosed:
      break;  // what the other side said before it closed is the better answer
  }
  const auto message = receive(timeout);
  if (!message) return std::unexpected(message.error());
  const auto reply = reply_of(*message);
  if (!reply) return std::unexpected(reply.error());
  return reply->dump();
}

Response Client::request(const Request& request, Duration timeout) {
  const Call sent = to_call(request);
  const auto reply = call(sent.command, sent.arguments, timeout);
  if (!reply) return std::unexpected(reply.error());
  return reply_from(request, Json::parse(*reply, nullptr, false));
}

std::expected<void, Error> Client::follow() {
  const auto reply = call("follow", "{}");
  if (!reply) return std::unexpected(reply.error());
  return {};
}

std::expected<FollowedEvent, Error> Client::next_event(Duration timeout) {
  auto message = receive(timeout);
  if (!message) return std::unexpected(message.error());
  const Json json = Json::parse(*message, nullptr, false);
  if (!json.is_object()) return not_understood();
  if (json.size() == 1 && json.contains("lost") && json["lost"].is_number_unsigned()) {
    return FollowedEvent{{}, json["lost"]};
  }
  return FollowedEvent{std::move(*message), 0};
}

std::expected<std::string, Error> Client::receive(Duration timeout) {
  if (!wait_readable(socket_.fd(), timeout)) {
    return std::unexpected(Error{ErrorCode::kBusy, "no answer in time"});
  }
  std::string message;
  switch (receive_message(socket_.fd(), message)) {
    case ReceiveResult::kMessage:
      return message;
    case ReceiveResult::kNothing:
      return std::unexpected(Error{ErrorCode::kBusy, "no answer in time"});
    case ReceiveResult::kTooLarge:
      return std::unexpected(Error{ErrorCode::kTooLarge, "the answer is too large"});
    case ReceiveResult::kClosed:
      break;
  }
  return std::unexpected(
      Error{ErrorCode::kCannotConnect, "the connection was closed by the other side"});
}

}  // namespace jumpgate::api
