#include "scenarios/plan/size_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/field/number_text.hpp"
#include "models/field/units.hpp"
#include "scenarios/format/rounded.hpp"
#include "sim/base/math.hpp"

namespace tailrace::scenarios {

namespace {

constexpr double kFine = 0.002;  // resolutions below this need more digits

struct Step {
  std::string text;
  double value = 0;  // seconds of a duration, else as written
};

// What a listed value costs by: its number.
std::optional<Step> read_step(const std::string& text, DesignFault& fault) {
  const models::NumberText n = models::read_number(text);
  if (!n.error.empty() || n.length == 0) {
    fault = {fmt::format("{} is no number, so it has no price", models::shown(text)), ""};
    return std::nullopt;
  }
  if (n.length == text.size()) return Step{text, n.value};
  const models::Quantity duration = models::parse_duration_ns(text);
  return Step{text, duration.value ? *duration.value / 1e9 : n.value};
}

// The values of a real-valued range, from low to high.
std::vector<std::string> grid(const Range& range, double resolution) {
  const bool ratios = range.low > 0;
  const double steps = ratios ? std::log(range.high / range.low) / std::log1p(resolution) : 1 / resolution;
  // A whole number of first steps, so that these are all alike.
  const double wanted = kFirstGrid * std::ceil(std::ceil(steps - 1e-9) / kFirstGrid);
  const auto n = static_cast<std::size_t>(std::clamp(wanted, 1.0, static_cast<double>(kMostSteps)));
  const int digits = resolution < kFine ? 7 : 5;
  std::vector<std::string> values;
  for (std::size_t i = 0; i <= n; ++i) {
    const double u = static_cast<double>(i) / static_cast<double>(n);
    double value = ratios ? range.low * sim::math::pow(range.high / range.low, u)
                          : range.low + (range.high - range.low) * u;
    value = i == 0 ? range.low : i == n ? range.high : rounded(value, digits);
    if (range.duration) value = std::floor(value + 0.5);
    std::string text = range.duration ? models::format_duration(value) : models::spelled(value) + range.unit;
    if (values.empty() || values.back() != text) values.push_back(std::move(text));
  }
  return values;
}

}  // namespace

std::string SizeAxis::value(std::int64_t step) const {
  return values.empty() ? std::to_string(step) : values[static_cast<std::size_t>(step)];
}

std::optional<Axis> parse_size(const std::string& text, DesignFault& fault) {
  std::optional<Axis> axis = parse_axis(text, fault);
  if (!axis || !axis->range) return axis;
  Range& range = *axis->range;
  const auto refuse = [&](const std::string& message) -> std::optional<Axis> {
    fault = {axis->path + ": " + message, ""};
    return std::nullopt;
  };
  if (range.low > range.high) return refuse("the lower end comes first");
  if (range.low < 0) return refuse("a size is not below 0");
  if (!axis->values.empty()) return axis;
  const std::size_t dots = text.rfind("..");
  const std::size_t begin = text.rfind('=', dots) + 1;
  const bool points = text.substr(begin, dots - begin).find('.') != std::string::npos ||
                      text.find('.', dots + 2) != std::string::npos;
  if (range.unit.empty() && !range.duration && !points) range.whole = true;
  if (range.whole && range.duration) return refuse("whole numbers need one unit at both ends");
  if (range.whole && range.high > kLargestSize) return refuse("whole numbers go up to 1000000");
  if (range.whole && std::ceil(range.low) > range.high) return refuse("no whole number lies in its range");
  return axis;
}

std::optional<SizeAxis> make_size_axis(const Axis& parsed, double price, double resolution,
                                       DesignFault& fault) {
  SizeAxis axis;
  axis.path = parsed.path;
  axis.price = price;
  std::vector<std::string> texts = parsed.values;
  if (parsed.range && texts.empty()) {
    const Range& range = *parsed.range;
    const auto low = static_cast<std::int64_t>(std::ceil(range.low));
    const auto high = static_cast<std::int64_t>(std::floor(range.high));
    if (range.whole && range.unit.empty() && price > 0) {
      axis.range = {low, high, price, {}};
      return axis;
    }
    if (range.whole) {
      for (std::int64_t n = low; n <= high; ++n) texts.push_back(std::to_string(n) + range.unit);
    } else {
      texts = grid(range, resolution);
      if (texts.size() > kFirstGrid + 1)
        axis.stride = static_cast<std::int64_t>((texts.size() + kFirstGrid - 2) / kFirstGrid);
    }
  }
  std::vector<Step> steps;
  for (const std::string& text : texts) {
    const std::optional<Step> step = read_step(text, fault);
    if (!step) {
      fault.message = axis.path + ": " + fault.message;
      return std::nullopt;
    }
    if (!steps.empty() && !(step->value > steps.back().value)) {
      fault = {fmt::format("{}: {} does not follow {}: write values from the least to the greatest",
                           axis.path, step->text, steps.back().text),
               ""};
      return std::nullopt;
    }
    steps.push_back(*step);
  }
  axis.low = steps.front().text;
  axis.high = steps.back().text;
  if (price < 0) std::reverse(steps.begin(), steps.end());
  axis.range = {0, static_cast<std::int64_t>(steps.size()) - 1, std::fabs(price), {}};
  for (Step& step : steps) {
    axis.values.push_back(std::move(step.text));
    axis.range.costs.push_back(price * step.value);
  }
  return axis;
}

}  // namespace tailrace::scenarios
