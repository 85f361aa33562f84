/// What `jump status` shows, as JSON (its text form is made from it).
///
/// Owner thread: the client's loop, or the command line for the text. Bound: one message of the
/// control socket. Failure: none.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "app/jump/host.hpp"
#include "client/engine.hpp"
#include "config/client_config.hpp"

namespace jumpgate::jump {

[[nodiscard]] nlohmann::json status_json(const config::ClientConfig& config,
                                         const client::Engine& engine, const Host& host,
                                         MonoNs now);

/// Whether an answer is one of status_json(): another program may listen at the socket.
[[nodiscard]] bool is_status(const nlohmann::json& answer);

/// The same for people, of what is a status.
[[nodiscard]] std::string status_text(const nlohmann::json& status);

}  // namespace jumpgate::jump
