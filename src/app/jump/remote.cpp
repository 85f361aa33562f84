#include "app/jump/remote.hpp"

#include <expected>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "api/client.hpp"
#include "app/jump/program.hpp"
#include "app/jump/status.hpp"
#include "app/standard_streams.hpp"
#include "config/client_config.hpp"

namespace jumpgate::jump {
namespace {

constexpr std::string_view kRunFolder = "/run/jumpgate";
constexpr std::string_view kConfigFolder = "/etc/jumpgate";
/// A program that has been told to end needs a few milliseconds for it.
constexpr Duration kLeaveTimeout = seconds(5);

bool is_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".toml");
}

std::expected<std::string, std::string> only_socket() {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kRunFolder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("jump-") && name.ends_with(".sock"))
      found.push_back(entry.path().string());
  }
  // Of a program that was killed the socket stays behind: that is no tunnel.
  if (found.size() > 1)
    std::erase_if(found, [](const std::string& path) { return !api::Client::connect(path); });
  if (found.empty()) return std::unexpected("no tunnel is up (none listens in /run/jumpgate)");
  if (found.size() > 1)
    return std::unexpected("more than one tunnel is up: say which by its name or --socket");
  return found.front();
}

std::expected<std::string, std::string> socket_of(const Target& target) {
  if (!target.socket.empty()) return target.socket;
  if (target.name.empty()) return only_socket();
  const std::string path = config_path(target.name);
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    const auto config = config::load_client(path);
    if (!config) return std::unexpected(config.error().text());
    return config->control_socket;
  }
  return fmt::format("{}/jump-{}.sock", kRunFolder, target.name);
}

std::expected<api::Client, std::string> connect(const Target& target) {
  const auto socket = socket_of(target);
  if (!socket) return std::unexpected(socket.error());
  auto client = api::Client::connect(*socket);
  if (!client) return std::unexpected(client.error().message);
  return std::move(*client);
}

std::expected<nlohmann::json, std::string> call(api::Client& client, std::string_view command,
                                                const nlohmann::json& arguments) {
  const auto answer = client.call(command, arguments.dump());
  if (!answer) return std::unexpected(answer.error().message);
  auto parsed = nlohmann::json::parse(*answer, nullptr, false);
  if (parsed.is_discarded()) return std::unexpected("an answer that is not JSON");
  return parsed;
}

std::expected<nlohmann::json, std::string> call(const Target& target, std::string_view command,
                                                const nlohmann::json& arguments) {
  auto client = connect(target);
  if (!client) return std::unexpected(client.error());
  return call(*client, command, arguments);
}

int failed(const std::string& what) {
  app::complain("jump", what);
  return kExitFailed;
}

}  // namespace

std::string config_path(const std::string& name_or_file) {
  if (is_path(name_or_file)) return name_or_file;
  return fmt::format("{}/{}.toml", kConfigFolder, name_or_file);
}

int show_status(const Target& target, bool json) {
  const auto status = call(target, "status", nlohmann::json::object());
  if (!status) return failed(status.error());
  if (!is_status(*status))
    return failed("who answers there is no jump: jumpctl is for a gateway's socket");
  if (json) {
    fmt::print("{}\n", status->dump(2));
  } else {
    fmt::print("{}", status_text(*status));
  }
  return kExitOk;
}

int take_down(const Target& target) {
  auto client = connect(target);
  if (!client) return failed(client.error());
  const auto answer = call(*client, "down", nlohmann::json::object());
  if (!answer) return failed(answer.error());
  // Nothing comes any more but the connection's end, when the program has let everything go: then
  // the same tunnel can be made anew.
  if (const auto end = client->next_event(kLeaveTimeout);
      !end && end.error().code == api::ErrorCode::kBusy)
    return failed(fmt::format("it was told to end, and is still there after {} s",
                              kLeaveTimeout.ms() / 1000));
  fmt::print("{} is down\n", answer->value("name", ""));
  return kExitOk;
}

int move_to(const Target& target, const std::string& uplink) {
  const auto answer = call(target, "to", {{"uplink", uplink}});
  if (!answer) return failed(answer.error());
  fmt::print("moving to {}\n", answer->value("uplink", ""));
  return kExitOk;
}

}  // namespace jumpgate::jump
