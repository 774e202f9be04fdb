#include "scenarios/sweep/design.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "models/field/number_text.hpp"
#include "models/field/units.hpp"
#include "scenarios/format/rounded.hpp"
#include "scenarios/sweep/sample.hpp"
#include "sim/base/math.hpp"

namespace tailrace::scenarios {

namespace {

constexpr int kExactDigits = 12;  // hide the rounding of a + i (b - a) / n
constexpr int kSampleDigits = 6;
constexpr std::size_t kMostValues = 1'000'000;

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Where the path of "path=spec" ends: the first = outside of quotes.
std::size_t end_of_path(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted) {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '=' && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

// The items of "[a, f(b, c), {d: [e, f]}]".
std::optional<std::vector<std::string>> list_items(std::string_view text, DesignFault& fault) {
  std::vector<std::string> items;
  const std::string_view inside = text.substr(1, text.size() - 2);
  int depth = 0;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= inside.size(); ++i) {
    const bool end = i == inside.size();
    const char c = end ? ',' : inside[i];
    if (c == '\\' && quoted && i + 1 < inside.size()) {
      ++i;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted && !end) continue;
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (c != ',' || (depth > 0 && !end)) continue;
    const std::string_view item = trimmed(inside.substr(begin, i - begin));
    if (item.empty()) {
      fault = {"the list has an empty value", "write it as [2, 4, 8]"};
      return std::nullopt;
    }
    items.emplace_back(item);
    begin = i + 1;
  }
  return items;
}

struct End {
  double value = 0;
  std::string unit;
};
std::optional<End> parse_end(std::string_view text, DesignFault& fault) {
  const models::NumberText n = models::read_number(text);
  if (!n.error.empty() || n.length == 0) {
    fault = {n.error.empty() ? fmt::format("expected a number at {}", models::shown(text)) : n.error,
             n.hint.empty() ? "a range is a..b:n, such as 100/s..500/s:5" : n.hint};
    return std::nullopt;
  }
  return End{n.value, std::string(trimmed(text.substr(n.length)))};
}

std::optional<Range> parse_ends(std::string_view low_text, std::string_view high_text, DesignFault& fault) {
  const std::optional<End> low = parse_end(low_text, fault);
  if (!low) return std::nullopt;
  const std::optional<End> high = parse_end(high_text, fault);
  if (!high) return std::nullopt;
  Range range{low->value, high->value, low->unit, false, false, false};
  if (low->unit == high->unit) return range;
  const models::Quantity from = models::parse_duration_ns(low_text);
  const models::Quantity to = models::parse_duration_ns(high_text);
  if (!from.value || !to.value) {
    fault = {fmt::format("the ends {} and {} have different units", models::shown(low_text),
                         models::shown(high_text)),
             "write both with one unit"};
    return std::nullopt;
  }
  range.low = *from.value;
  range.high = *to.value;
  range.unit.clear();
  range.duration = true;
  return range;
}

// "a..b", then words and a count, each after a colon.
bool parse_range(std::string_view spec, Axis& axis, DesignFault& fault) {
  const std::size_t dots = spec.find("..");
  std::size_t colon = spec.find(':', dots);
  const std::string_view high = spec.substr(dots + 2, colon - dots - 2);
  axis.range = parse_ends(trimmed(spec.substr(0, dots)), trimmed(high), fault);
  if (!axis.range) return false;
  Range& range = *axis.range;
  double count = 0;
  while (colon != std::string_view::npos) {
    const std::size_t next = spec.find(':', colon + 1);
    const std::string_view word = trimmed(spec.substr(colon + 1, next - colon - 1));
    const models::Quantity n = models::parse_count(word);
    if (word == "log") {
      range.logarithmic = true;
    } else if (word == "int") {
      range.whole = true;
    } else if (n.value && *n.value >= 1 && *n.value <= static_cast<double>(kMostValues) && count == 0) {
      count = *n.value;
    } else {
      fault = {fmt::format("expected a count, log or int, found {}", models::shown(word)),
               "a range is a..b:n, a..b:log:n or a..b:int:n"};
      return false;
    }
    colon = next;
  }
  if (range.logarithmic && (!(range.low > 0) || !(range.high > 0))) {
    fault = {"a log scale needs two ends above 0", ""};
    return false;
  }
  for (std::size_t i = 0; static_cast<double>(i) < count; ++i) {
    std::string value = range.at(count == 1 ? 0 : static_cast<double>(i) / (count - 1), false);
    // Rounding to whole numbers makes neighbours equal where the range is short.
    if (axis.values.empty() || axis.values.back() != value) axis.values.push_back(std::move(value));
  }
  return true;
}

std::optional<Design> sampled(const std::vector<Axis>& axes, const DesignOptions& options,
                              DesignFault& fault) {
  if (options.kind == DesignKind::sobol && axes.size() > kSobolDimensions) {
    fault = {
        fmt::format("Sobol's sequence has at most {} axes here; there are {}", kSobolDimensions, axes.size()),
        "--sample lhs:N has no limit"};
    return std::nullopt;
  }
  Design design;
  design.points.assign(options.samples, std::vector<std::string>(axes.size()));
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const Axis& axis = axes[k];
    design.paths.push_back(axis.path);
    if (axis.range && !axis.values.empty()) {
      fault = {fmt::format("{}: a sample chooses the values, so its range has no count", axis.path),
               "write a..b, a..b:log or a..b:int"};
      return std::nullopt;
    }
    const std::vector<double> cube = options.kind == DesignKind::sobol
                                         ? std::vector<double>()
                                         : latin_hypercube(options.samples, options.seed, axis.path);
    for (std::size_t i = 0; i < options.samples; ++i) {
      const double u = cube.empty() ? sobol(static_cast<std::uint32_t>(i), k) : cube[i];
      design.points[i][k] =
          axis.range ? axis.range->at(u, true)
                     : axis.values[static_cast<std::size_t>(u * static_cast<double>(axis.values.size()))];
    }
  }
  return design;
}

}  // namespace

std::string Range::at(double u, bool sampled) const {
  const int digits = sampled || logarithmic ? kSampleDigits : kExactDigits;
  double value = logarithmic ? low * sim::math::pow(high / low, u) : low + (high - low) * u;
  if (u == 0) value = low;
  if (u == 1) value = high;
  if (whole && sampled && !logarithmic) {
    const double first = std::floor(std::min(low, high) + 0.5), last = std::floor(std::max(low, high) + 0.5);
    value = std::min(last, std::floor(first + (last - first + 1) * u));
  } else if (whole) {
    value = std::floor(value + 0.5);
  } else if (u != 0 && u != 1) {
    value = rounded(value, digits);
    if (duration) value = std::floor(value + 0.5);
  }
  return duration ? models::format_duration(value) : models::spelled(value) + unit;
}

std::optional<Axis> parse_axis(const std::string& text, DesignFault& fault) {
  const std::size_t equals = end_of_path(text);
  if (equals == std::string::npos || equals == 0) {
    fault = {"expected PATH=VALUES",
             "such as services.cart.replicas=1..8:8 or services.cart.replicas=[2, 4, 8]"};
    return std::nullopt;
  }
  Axis axis;
  axis.path = trimmed(std::string_view(text).substr(0, equals));
  const std::string_view spec = trimmed(std::string_view(text).substr(equals + 1));
  const auto blame = [&]() -> std::optional<Axis> {
    fault.message = axis.path + ": " + fault.message;
    return std::nullopt;
  };
  if (spec.size() >= 2 && spec.front() == '[' && spec.back() == ']') {
    auto items = list_items(spec, fault);
    if (!items) return blame();
    axis.values = std::move(*items);
    return axis;
  }
  if (spec.find("..") == std::string_view::npos) {
    fault = {fmt::format("expected a range or a list, found {}", models::shown(spec)),
             "write a..b:n or [x, y, z]; --set gives a single value"};
    return blame();
  }
  if (!parse_range(spec, axis, fault)) return blame();
  return axis;
}

std::optional<Design> make_design(const std::vector<Axis>& axes, const DesignOptions& options,
                                  DesignFault& fault) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (axes[i].path != axes[k].path) continue;
      fault = {fmt::format("{} is varied twice", axes[i].path), ""};
      return std::nullopt;
    }
  }
  if (options.kind == DesignKind::latin_hypercube || options.kind == DesignKind::sobol)
    return sampled(axes, options, fault);
  Design design;
  std::size_t points = 1;
  for (const Axis& axis : axes) {
    design.paths.push_back(axis.path);
    if (axis.values.empty()) {
      fault = {fmt::format("{}: how many values?", axis.path), "write a..b:n"};
      return std::nullopt;
    }
    const std::size_t n = axis.values.size();
    if (options.kind == DesignKind::zip) {
      if (n != axes[0].values.size()) {
        fault = {fmt::format("--zip pairs lists of one length: {} has {} values, {} has {}", axes[0].path,
                             axes[0].values.size(), axis.path, n),
                 ""};
        return std::nullopt;
      }
      points = n;
      continue;
    }
    points = points > kMostPoints / n ? kMostPoints + 1 : points * n;
  }
  if (points > kMostPoints) {
    fault = {fmt::format("the grid has more than {} points", kMostPoints), "--sample sobol:N takes fewer"};
    return std::nullopt;
  }
  design.points.assign(points, std::vector<std::string>(axes.size()));
  std::size_t repeat = 1;  // how often each value of an axis stands in a row
  for (std::size_t k = axes.size(); k-- > 0;) {
    const std::vector<std::string>& values = axes[k].values;
    for (std::size_t i = 0; i < points; ++i) design.points[i][k] = values[i / repeat % values.size()];
    if (options.kind == DesignKind::grid) repeat *= values.size();
  }
  return design;
}

}  // namespace tailrace::scenarios
