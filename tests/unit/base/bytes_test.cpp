#include "base/bytes.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace jumpgate::base {
namespace {

TEST(Bytes, LoadsAndStoresInBothOrders) {
  const std::array<std::uint8_t, 8> b{1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(load_le16(b.data()), 0x0201);
  EXPECT_EQ(load_le32(b.data()), 0x04030201U);
  EXPECT_EQ(load_le48(b.data()), 0x060504030201U);
  EXPECT_EQ(load_le64(b.data()), 0x0807060504030201U);
  EXPECT_EQ(load_be16(b.data()), 0x0102);
  EXPECT_EQ(load_be32(b.data()), 0x01020304U);
  EXPECT_EQ(load_be64(b.data()), 0x0102030405060708U);
  std::array<std::uint8_t, 8> out{};
  store_be64(out.data(), 0x0102030405060708);
  EXPECT_EQ(out, b);
  store_le64(out.data(), 0x0807060504030201);
  EXPECT_EQ(out, b);
}

TEST(ByteReader, ReadsInOrder) {
  const std::array<std::uint8_t, 24> b{1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0,
                                       0, 5, 0, 0, 0, 0, 0, 0, 0, 6, 7, 0};
  ByteReader r(b);
  EXPECT_EQ(r.u8(), 1);
  EXPECT_EQ(r.u16(), 2);
  EXPECT_EQ(r.u32(), 3U);
  EXPECT_EQ(r.u48(), 4U);
  EXPECT_EQ(r.u64(), 5U);
  EXPECT_EQ((r.bytes<2>()), (std::array<std::uint8_t, 2>{6, 7}));
  EXPECT_TRUE(r.zeros(1));
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.remaining(), 0U);
}

TEST(ByteReader, EveryReadStopsAtTheEndForGood) {
  const std::unique_ptr<std::uint8_t[]> heap(new std::uint8_t[3]{0xff, 0xff, 0xff});
  const Bytes three(heap.get(), 3);
  const auto fails = [&](auto read) {
    ByteReader r(three);
    read(r);
    EXPECT_FALSE(r.ok());
    EXPECT_EQ(r.u8(), 0) << "sticky";
    EXPECT_FALSE(r.ok());
  };
  fails([](ByteReader& r) { EXPECT_EQ(r.u32(), 0U); });
  fails([](ByteReader& r) { EXPECT_EQ(r.u48(), 0U); });
  fails([](ByteReader& r) { EXPECT_EQ(r.u64(), 0U); });
  fails([](ByteReader& r) { EXPECT_EQ((r.bytes<4>()), (std::array<std::uint8_t, 4>{})); });
  fails([](ByteReader& r) { EXPECT_TRUE(r.take(4).empty()); });
  fails([](ByteReader& r) { r.skip(4); });
  fails([](ByteReader& r) { r.skip(SIZE_MAX); });
  fails([](ByteReader& r) { EXPECT_FALSE(r.zeros(4)); });
}

TEST(ByteReader, ZerosThatAreNone) {
  const std::array<std::uint8_t, 3> b{0, 1, 9};
  ByteReader r(b);
  EXPECT_FALSE(r.zeros(2));
  EXPECT_TRUE(r.ok()) << "present, only not zero";
  EXPECT_EQ(r.u8(), 9);
}

TEST(ByteWriter, WritesInOrderAndStopsAtTheEnd) {
  const std::unique_ptr<std::uint8_t[]> heap(new std::uint8_t[24]);
  ByteWriter w(MutableBytes(heap.get(), 24));
  w.u8(1);
  w.u16(2);
  w.u32(3);
  w.u48(4);
  w.u64(5);
  w.bytes(std::array<std::uint8_t, 2>{6, 7});
  w.zeros_to_end();
  EXPECT_TRUE(w.ok());
  const std::array<std::uint8_t, 24> expected{1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0,
                                              0, 5, 0, 0, 0, 0, 0, 0, 0, 6, 7, 0};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), heap.get()));
  w.u8(9);
  EXPECT_FALSE(w.ok());
}

TEST(ByteWriter, ARefusedWriteTouchesNothing) {
  std::array<std::uint8_t, 3> b{7, 7, 7};
  ByteWriter w(b);
  w.u32(0);
  EXPECT_FALSE(w.ok());
  w.u8(1);
  EXPECT_EQ(b, (std::array<std::uint8_t, 3>{7, 7, 7})) << "sticky";
}

}  // namespace
}  // namespace jumpgate::base
