#include "bus/command_channel.hpp"

#include <cstring>
#include <utility>

#include "base/invariant.hpp"

namespace jumpgate::bus {

void wipe_body(Command& command) {
  static_assert(std::is_trivially_destructible_v<CommandBody>);
  explicit_bzero(&command.body, sizeof(command.body));
  ::new (static_cast<void*>(&command.body)) CommandBody{std::in_place_type<RemoveSession>};
}

std::size_t CommandChannel::footprint(std::size_t commands) {
  return zone_bytes<Command>(commands) + 2 * Ring<Command*>::footprint(commands);
}

std::expected<std::unique_ptr<CommandChannel>, std::string> CommandChannel::create(
    unsigned worker, std::size_t commands, int socket) {
  const std::string name = "jg_cmd" + std::to_string(worker);
  std::unique_ptr<CommandChannel> channel(new CommandChannel);
  auto zone = Zone::create(name, zone_bytes<Command>(commands), socket, true);
  if (!zone) return std::unexpected(zone.error());
  auto down = Ring<Command*>::create(name + "_down", commands, socket);
  if (!down) return std::unexpected(down.error());
  auto up = Ring<Command*>::create(name + "_up", commands, socket);
  if (!up) return std::unexpected(up.error());
  channel->zone_ = std::move(*zone);
  channel->down_ = std::move(*down);
  channel->up_ = std::move(*up);
  channel->pool_ = channel->zone_.objects<Command>(commands);
  channel->free_.reserve(commands);
  for (auto& command : channel->pool_)
    channel->free_.push_back(&command);
  return channel;
}

Command* CommandChannel::obtain() {
  if (free_.empty()) return nullptr;
  Command* command = free_.back();
  free_.pop_back();
  command->session = {};
  command->tag = 0;
  command->applied = false;
  return command;
}

void CommandChannel::send(Command* command) {
  const bool sent = down_.push(command);
  JG_INVARIANT(sent);
}

Command* CommandChannel::poll_ack() {
  Command* command = nullptr;
  return up_.pop(command) ? command : nullptr;
}

void CommandChannel::release(Command* command) {
  wipe_body(*command);
  free_.push_back(command);
}

Command* CommandChannel::receive() {
  Command* command = nullptr;
  return down_.pop(command) ? command : nullptr;
}

void CommandChannel::acknowledge(Command* command) {
  wipe_body(*command);
  const bool returned = up_.push(command);
  JG_INVARIANT(returned);
}

}  // namespace jumpgate::bus
