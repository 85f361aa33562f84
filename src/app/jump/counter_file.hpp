/// The HELLO counter on disk: STATE_DIR/jump-NAME.counter (spec/handshake.md "The client").
///
/// Owner thread: the client's loop. Bound: one number. Failure: write() says false and the HELLO is
/// not sent; a file that can not be read, or is damaged, counts as none: the gateway then tells the
/// number it wants.
#pragma once

#include <string>

#include "client/output.hpp"

namespace jumpgate::jump {

class CounterFile final : public client::CounterStore {
 public:
  explicit CounterFile(std::string path) : path_(std::move(path)) {}
  std::uint64_t last() override;
  [[nodiscard]] bool write(std::uint64_t counter) override;

 private:
  std::string path_;
};

}  // namespace jumpgate::jump
