#include "app/jump/key_commands.hpp"

#include <iostream>
#include <string>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/jump/program.hpp"
#include "app/standard_streams.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "crypto/x25519.hpp"

namespace jumpgate::jump {

int generate_key() {
  struct stat out{};
  if (::fstat(STDOUT_FILENO, &out) == 0 && S_ISREG(out.st_mode) &&
      (out.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    app::complain("jump", "the file is readable by others; use: umask 077");
  }
  base::SystemRandom random;
  const crypto::KeyPair pair = crypto::KeyPair::generate(random);
  std::string text = base::format_key(pair.private_key.get());
  fmt::print("{}\n", text);
  base::wipe(text.data(), text.size());
  return kExitOk;
}

int public_key() {
  std::string line;
  std::getline(std::cin, line);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
    line.pop_back();
  const auto key = base::parse_key(line);
  base::wipe(line.data(), line.size());
  if (!key) {
    app::complain("jump", "standard input holds no private key (44 characters of base64)");
    return kExitFailed;
  }
  const crypto::KeyPair pair = crypto::KeyPair::from_private(key->get());
  fmt::print("{}\n", base::format_key(pair.public_key));
  return kExitOk;
}

}  // namespace jumpgate::jump
