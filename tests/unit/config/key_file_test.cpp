#include "config/key_file.hpp"

#include <gtest/gtest.h>

#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

TEST(KeyFile, ReadsWhatItWrote) {
  const test::Scratch scratch;
  const auto key = read_key_file(scratch.path("gateway.key"));
  ASSERT_TRUE(key) << key.error();
  EXPECT_EQ(base::format_key(key->get()), test::key_text(1000));
}

TEST(KeyFile, RefusesWhatOthersMayRead) {
  const test::Scratch scratch;
  for (const unsigned mode : {0640U, 0604U, 0644U, 0620U, 0601U}) {
    const auto key = read_key_file(scratch.write("open.key", test::key_text(1), mode));
    ASSERT_FALSE(key) << mode;
    EXPECT_NE(key.error().find("chmod 600"), std::string::npos);
  }
}

TEST(KeyFile, RefusesWhatIsNoKeyWithoutShowingIt) {
  const test::Scratch scratch;
  for (const std::string& text :
       {std::string("short"), std::string(44, '!'), std::string(200, 'A'), std::string{}}) {
    const auto key = read_key_file(scratch.write("bad.key", text));
    ASSERT_FALSE(key);
    if (!text.empty()) {
      EXPECT_EQ(key.error().find(text), std::string::npos);
    }
  }
  EXPECT_FALSE(read_key_file(scratch.path("absent.key")));
  EXPECT_FALSE(read_key_file(scratch.write("zero.key", base::format_key(PublicKey{}))));
  EXPECT_FALSE(read_key_file("/tmp"));
}

}  // namespace
}  // namespace jumpgate::config
