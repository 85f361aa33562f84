/// Reports from one worker to the controller.
///
/// Owner threads: push is the worker's, pop the controller's. The mbuf of a report belongs to
/// whoever holds the report; one that did not fit stays the worker's. Bound: `reports`. Failure:
/// push returns false, the worker counts `punt_queue_full`; edges are reported again later.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>

#include "bus/messages.hpp"
#include "bus/ring.hpp"

namespace jumpgate::bus {

class ReportChannel {
 public:
  static std::size_t footprint(std::size_t reports) { return Ring<Report>::footprint(reports); }
  static std::expected<std::unique_ptr<ReportChannel>, std::string> create(unsigned worker,
                                                                           std::size_t reports,
                                                                           int socket);
  ReportChannel(const ReportChannel&) = delete;
  ReportChannel& operator=(const ReportChannel&) = delete;
  /// Frees the mbufs of reports that nobody took.
  ~ReportChannel();

  bool push(const Report& report) { return ring_.push(report); }
  bool pop(Report& report) { return ring_.pop(report); }

 private:
  ReportChannel() = default;

  Ring<Report> ring_;
};

}  // namespace jumpgate::bus
