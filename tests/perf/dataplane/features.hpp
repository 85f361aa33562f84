/// What an operator may switch on, all of it: a filter of 1,000 rules and rates with a quota (the MSS clamp and the
/// counters are always on).
///
/// The filter's rules match nothing that is measured, so that every packet is compared with all of them; the rates are
/// the largest there are, so that every bucket is asked and none refuses: the bench's time stands still, and what is in
/// them at its beginning lasts.
///
/// Owner thread: main; the worker reads the images. Bound: one filter and one set. Failure: a text.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "net/filter_image.hpp"
#include "net/published.hpp"
#include "net/rate_image.hpp"

namespace jumpgate::bench {

inline constexpr std::size_t kFilterRules = 1000;
/// The last rule denies UDP to this port: a packet that meets it shows that all were asked.
inline constexpr std::uint16_t kDeniedPort = 9;

class Features {
 public:
  static std::expected<std::unique_ptr<Features>, std::string> create(net::Quiescence& quiescence,
                                                                      std::uint32_t peers,
                                                                      unsigned workers);
  [[nodiscard]] const net::Published<net::FilterImage>& filters() const { return filters_; }
  [[nodiscard]] const net::Published<net::RateImage>& rates() const { return rates_; }

 private:
  Features(net::Quiescence& quiescence, std::unique_ptr<const net::FilterImage> filters,
           std::unique_ptr<const net::RateImage> rates)
      : filters_(quiescence, std::move(filters)), rates_(quiescence, std::move(rates)) {}

  net::Published<net::FilterImage> filters_;
  net::Published<net::RateImage> rates_;
};

}  // namespace jumpgate::bench
