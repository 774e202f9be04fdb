#include "scenarios/import/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/field/number_text.hpp"
#include "scenarios/import/draft.hpp"

namespace tailrace::scenarios {

namespace {

constexpr std::size_t kFew = 20, kEnoughForP99 = 100;
constexpr double kExpP99 = 4.605170186;  // ln 100: p99 of an exponential, in means
constexpr double kMostSpread = 50;       // cv of a lognormal, beyond which a fit means nothing

}  // namespace

std::string grouped(std::uint64_t n) {
  const std::string digits = std::to_string(n);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

Fit fit_times(std::vector<double> ns) {
  if (ns.empty()) return {"0s", "no spans"};
  std::sort(ns.begin(), ns.end());
  const double n = static_cast<double>(ns.size());
  double sum = 0, squares = 0;
  for (const double t : ns) sum += t;
  const double mean = sum / n;
  for (const double t : ns) squares += (t - mean) * (t - mean);
  const double sd = ns.size() > 1 ? std::sqrt(squares / (n - 1)) : 0;
  const double p99 = ns[static_cast<std::size_t>(std::ceil(0.99 * n)) - 1];
  Fit fit;
  fit.comment =
      fmt::format("{} span{}, mean {}", grouped(ns.size()), ns.size() == 1 ? "" : "s", time_text(mean));
  if (ns.size() >= kEnoughForP99) fit.comment += ", p99 " + time_text(p99);
  if (mean < 1) {
    fit.distribution = "0s";
    return fit;
  }
  const double cv = sd / mean, ratio = p99 / mean;
  const bool like_exp = std::fabs(cv - 1) < 0.1 && std::fabs(ratio / kExpP99 - 1) < 0.1;
  if (ns.size() > 1 && cv < 0.01) {
    fit.distribution = time_text(mean);
  } else if (ns.size() < kFew || (like_exp && ns.size() >= kEnoughForP99)) {
    fit.distribution = fmt::format("exp({})", time_text(mean));
    if (ns.size() < kFew) fit.comment += "; too few to tell their spread";
  } else if (ns.size() >= kEnoughForP99 && ratio >= 1.02 && ratio <= 12) {
    fit.distribution = fmt::format("lognormal(mean={}, p99={})", time_text(mean), time_text(p99));
  } else {
    const double spread = std::round(std::min(cv, kMostSpread) * 1000) / 1000;
    fit.distribution = fmt::format("lognormal(mean={}, cv={})", time_text(mean), models::spelled(spread));
  }
  return fit;
}

}  // namespace tailrace::scenarios
