#include "net/filter_image.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include <rte_acl.h>

#include <jumpgate/limits.hpp>

#include "base/bytes.hpp"
#include "net/upper_layer.hpp"

namespace jumpgate::net {
namespace {

constexpr std::size_t kAddresses = 4;  // where they begin in a key
constexpr std::size_t kV4Fields = 5;
constexpr std::size_t kV6Fields = 11;
constexpr std::size_t kWords = 4;  // of an IPv6 address

// What a match says: rte_acl keeps 0 for "no rule".
constexpr std::uint32_t kAllowed = 1;
constexpr std::uint32_t kDenied = 2;

// Categories of rte_acl: rules for packets with ports, which are all, and those of them for packets
// without. One alone is looked for, or as many as it can compare at once.
constexpr std::uint32_t kWithPorts = 0;
constexpr std::uint32_t kWithoutPorts = 1;
constexpr std::uint32_t kCategories = RTE_ACL_RESULTS_MULTIPLIER;
constexpr std::size_t kPortless = 1;  // the byte of a key that says which

RTE_ACL_RULE_DEF(AclRuleV6, kV6Fields);
RTE_ACL_RULE_DEF(AclRuleV4, kV4Fields);

struct AclDelete {
  void operator()(rte_acl_ctx* context) const { rte_acl_free(context); }
};
using Acl = std::unique_ptr<rte_acl_ctx, AclDelete>;

rte_acl_field_def field(std::uint8_t type, std::uint8_t size, std::size_t index, std::size_t input,
                        std::size_t offset) {
  return {.type = type,
          .size = size,
          .field_index = static_cast<std::uint8_t>(index),
          .input_index = static_cast<std::uint8_t>(input),
          .offset = static_cast<std::uint32_t>(offset)};
}

// Protocol, address words, both ports in one word: the order of the fields in rules and in keys.
rte_acl_config config_for(std::size_t words) {
  rte_acl_config config{};
  config.num_categories = kCategories;
  config.num_fields = static_cast<std::uint32_t>(1 + 2 * words + 2);
  config.defs[0] = field(RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, 0);
  for (std::size_t i = 0; i < 2 * words; ++i)
    config.defs[1 + i] = field(RTE_ACL_FIELD_TYPE_MASK, 4, 1 + i, 1 + i, kAddresses + 4 * i);
  const std::size_t ports = 1 + 2 * words;
  for (std::size_t i = 0; i < 2; ++i)
    config.defs[ports + i] =
        field(RTE_ACL_FIELD_TYPE_RANGE, 2, ports + i, ports, kAddresses + 8 * words + 2 * i);
  return config;
}

void set_prefix(rte_acl_field* fields, const IpPrefix& prefix, std::size_t words) {
  for (std::size_t i = 0; i < words; ++i) {
    const std::size_t from = 32 * i;
    const std::size_t length = prefix.address.family == IpFamily::kNone ? 0 : prefix.length;
    fields[i].value.u32 = base::load_be32(&prefix.address.bytes[4 * i]);
    fields[i].mask_range.u32 =
        static_cast<std::uint32_t>(std::clamp(length, from, from + 32) - from);
  }
}

template <typename AclRule>
AclRule compile(const FilterRule& rule, std::size_t place, std::size_t words) {
  AclRule out{};
  const bool names_ports = rule.from_ports != PortRange{} || rule.to_ports != PortRange{};
  out.data.category_mask = 1U << kWithPorts | (names_ports ? 0U : 1U << kWithoutPorts);
  // The first rule is the strongest.
  out.data.priority = static_cast<std::int32_t>(kMaxFilterRules - place);
  out.data.userdata = rule.action == FilterAction::kAllow ? kAllowed : kDenied;
  out.field[0].value.u8 = rule.protocol.value_or(0);
  out.field[0].mask_range.u8 = rule.protocol ? 0xff : 0;
  set_prefix(&out.field[1], rule.from, words);
  set_prefix(&out.field[1 + words], rule.to, words);
  const std::size_t ports = 1 + 2 * words;
  out.field[ports].value.u16 = rule.from_ports.first;
  out.field[ports].mask_range.u16 = rule.from_ports.last;
  out.field[ports + 1].value.u16 = rule.to_ports.first;
  out.field[ports + 1].mask_range.u16 = rule.to_ports.last;
  return out;
}

bool applies(const FilterRule& rule, FilterDirection direction, IpFamily family) {
  const IpFamily own = family_of(rule);
  return (!rule.direction || *rule.direction == direction) &&
         (own == IpFamily::kNone || own == family);
}

/// DPDK gives one context to all who ask for a name, and several images live side by side.
std::string unique_name() {
  static std::atomic<std::uint64_t> serial{0};
  return "filter" + std::to_string(++serial);
}

template <typename AclRule>
std::expected<Acl, std::string> make_acl(const FilterSet& set, FilterDirection direction, bool v6) {
  const std::size_t words = v6 ? kWords : 1;
  std::vector<AclRule> rules;
  for (std::size_t i = 0; i < set.rules.size(); ++i)
    if (applies(set.rules[i], direction, v6 ? IpFamily::kV6 : IpFamily::kV4))
      rules.push_back(compile<AclRule>(set.rules[i], i, words));
  if (rules.empty()) return Acl{};
  const std::string name = unique_name();
  const rte_acl_param parameters{.name = name.c_str(),
                                 .socket_id = SOCKET_ID_ANY,
                                 .rule_size = sizeof(AclRule),
                                 .max_rule_num = static_cast<std::uint32_t>(rules.size())};
  Acl acl(rte_acl_create(&parameters));
  const rte_acl_config config = config_for(words);
  if (!acl ||
      rte_acl_add_rules(acl.get(), reinterpret_cast<const rte_acl_rule*>(rules.data()),
                        static_cast<std::uint32_t>(rules.size())) != 0 ||
      rte_acl_build(acl.get(), &config) != 0)
    return std::unexpected("no memory for filter '" + set.name + "' of " +
                           std::to_string(set.rules.size()) + " rules");
  return acl;
}

/// What the rules that name no ports say of a key.
std::uint32_t verdict_without_ports(const rte_acl_ctx* acl, const std::uint8_t* key) {
  std::array<std::uint32_t, kCategories> results{};
  if (acl != nullptr) rte_acl_classify(acl, &key, results.data(), 1, kCategories);
  return results[kWithoutPorts];
}

}  // namespace

FilterKey filter_key_of(Bytes packet) {
  const UpperLayer upper = upper_layer_of(packet);
  const bool has_ports = upper.protocol == kProtocolTcp || upper.protocol == kProtocolUdp;
  const bool seen = upper.readable && upper.first && packet.size() >= upper.offset + 4;
  const std::uint64_t ports = has_ports && seen ? base::load_le32(&packet[upper.offset]) : 0;
  const std::uint64_t portless = has_ports && !seen ? 1 : 0;
  // In words, since keys are compared and classified in words: what is written in smaller pieces and
  // read soon after has to be waited for.
  FilterKey key;
  std::uint8_t* out = key.bytes.data();
  const bool v6 = (packet[0] >> 4) == 6;
  const std::uint8_t* addresses = &packet[v6 ? 8 : 12];
  base::store_le64(out, upper.protocol | portless << 8 * kPortless |
                            std::uint64_t{base::load_le32(addresses)} << 32);
  if (v6) {
    for (std::size_t i = 8; i < 32; i += 8)
      base::store_le64(out + i, base::load_le64(addresses + i - kAddresses));
    base::store_le64(out + 32, base::load_le32(addresses + 28) | ports << 32);
  } else {
    base::store_le64(out + 8, base::load_le32(addresses + 4) | ports << 32);
  }
  return key;
}

struct FilterImage::Compiled {
  // By direction, then by family.
  std::array<std::array<Acl, 2>, 2> acls;
  bool otherwise{true};
};

FilterImage::FilterImage() = default;
FilterImage::~FilterImage() = default;

std::expected<std::unique_ptr<const FilterImage>, std::string> FilterImage::build(
    std::span<const FilterSet> sets, std::vector<std::uint16_t> of_peer) {
  std::unique_ptr<FilterImage> image(new FilterImage());
  for (const FilterSet& set : sets) {
    auto compiled = std::make_unique<Compiled>();
    compiled->otherwise = set.otherwise == FilterAction::kAllow;
    for (const FilterDirection direction : {FilterDirection::kIn, FilterDirection::kOut}) {
      auto v4 = make_acl<AclRuleV4>(set, direction, false);
      auto v6 = make_acl<AclRuleV6>(set, direction, true);
      if (!v4 || !v6) return std::unexpected(v4 ? v6.error() : v4.error());
      auto& both = compiled->acls[static_cast<std::size_t>(direction)];
      both[0] = std::move(*v4);
      both[1] = std::move(*v6);
    }
    image->sets_.push_back(std::move(compiled));
  }
  image->of_peer_ = std::move(of_peer);
  image->any_ =
      std::ranges::any_of(image->of_peer_, [](std::uint16_t set) { return set != kNoFilter; });
  return image;
}

void FilterImage::judge(std::uint16_t set, FilterDirection direction, bool v6,
                        std::span<const std::uint8_t* const> keys,
                        std::span<bool> allowed) const noexcept {
  const Compiled& compiled = *sets_[set];
  const Acl& acl = compiled.acls[static_cast<std::size_t>(direction)][v6 ? 1 : 0];
  std::array<std::uint32_t, limits::kBurst> results{};
  auto** data = const_cast<const std::uint8_t**>(keys.data());
  if (acl)
    rte_acl_classify(acl.get(), data, results.data(), static_cast<std::uint32_t>(keys.size()), 1);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i][kPortless] != 0) [[unlikely]]
      results[i] = verdict_without_ports(acl.get(), keys[i]);
    allowed[i] = results[i] == 0 ? compiled.otherwise : results[i] == kAllowed;
  }
}

}  // namespace jumpgate::net
