/// `jump up`: configuration, drivers and engine put together, and run until it is told to stop.
///
/// Owner thread: main; it starts the audit thread and no other. Bound: as its parts say.
/// Failure: what is wrong is said on stderr; the exit status is 2 for a bad configuration or key
/// file, 1 for everything else, 0 after an orderly end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "api/event_feed.hpp"
#include "api/server.hpp"
#include "app/jump/counter_file.hpp"
#include "app/jump/host.hpp"
#include "audit/audit_thread.hpp"
#include "audit/event_log.hpp"
#include "base/random.hpp"
#include "client/engine.hpp"
#include "client/event_loop.hpp"
#include "config/client_config.hpp"

namespace jumpgate::jump {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadConfig = 2;

/// Who waits for the tunnel to be up: the terminal, or the parent of a daemon.
using Announce = std::function<void(bool up, const std::string& line)>;

class Program final : public api::CallHandler {
 public:
  Program(config::ClientConfig config, Announce announce);

  /// Runs to the end; the exit status.
  [[nodiscard]] int run();

  std::expected<nlohmann::json, api::Error> call(std::string_view command,
                                                 const nlohmann::json& arguments) override;

 private:
  [[nodiscard]] std::string set_up();
  [[nodiscard]] std::string open_control();
  [[nodiscard]] std::string open_events();
  [[nodiscard]] std::string make_engine();
  void on_ready();
  void on_tick(MonoNs now);
  void on_gone();
  void give_up();
  void stop(MonoNs now);
  [[nodiscard]] std::expected<nlohmann::json, api::Error> move_to(const nlohmann::json& arguments);

  config::ClientConfig config_;
  Announce announce_;
  client::EventLoop loop_;
  base::SystemRandom random_;
  audit::EventLog log_;
  audit::AuditThread audit_;
  api::EventFeed feed_;
  Host host_;
  CounterFile counters_;
  std::unique_ptr<Aead> gcm_;
  std::unique_ptr<Aead> chacha_;
  std::unique_ptr<client::Engine> engine_;
  std::unique_ptr<api::Server> control_;
  MonoNs give_up_at_{kNever};
  int status_{kExitOk};
};

}  // namespace jumpgate::jump
