#pragma once
// A distribution for times that were seen, as scenarios write it, and the comment that says from how many.
//   all alike (sd below 1 % of the mean)               the mean
//   fewer than 20                                      exp: a spread cannot be told from so few
//   sd and 99th percentile within 10 % of exp's own    exp
//   100 or more, p99 between 1.02 and 12 times mean    lognormal by mean and p99 (it goes to 14.97)
//   otherwise                                          lognormal by mean and coefficient of variation
// The mean is always the sample's, so that mean times survive whatever the form.
#include <cstdint>
#include <string>
#include <vector>

namespace tailrace::scenarios {

struct Fit {
  std::string distribution;  // "lognormal(mean=3ms, p99=12ms)"
  std::string comment;       // "2,000 spans, mean 3ms, p99 12ms"
};

Fit fit_times(std::vector<double> ns);  // in any order

std::string grouped(std::uint64_t n);  // 1,234,567

}  // namespace tailrace::scenarios
