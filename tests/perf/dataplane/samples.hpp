/// Medians of repeated measurements, and how far they spread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace jumpgate::bench {

class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] double median() const { return quantile(0.5); }
  /// Distance of the quartiles over the median: 0.02 says that half of the samples lie within 2 %.
  [[nodiscard]] double spread() const {
    const double middle = median();
    return middle == 0 ? 0 : (quantile(0.75) - quantile(0.25)) / middle;
  }

 private:
  [[nodiscard]] double quantile(double q) const {
    if (values_.empty()) return 0;
    std::vector<double> sorted = values_;
    std::ranges::sort(sorted);
    return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1) + 0.5)];
  }

  std::vector<double> values_;
};

}  // namespace jumpgate::bench
