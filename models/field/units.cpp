#include "models/field/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "models/field/number_text.hpp"

namespace tailrace::models {
namespace {

struct Unit {
  std::string_view name;
  double scale;  // in the unit of the result
};

// Spellings that are refused although one can guess: `readings` are the units that the writer may have meant.
struct Trap {
  std::string_view name;
  std::string_view reading;
  std::string_view other_reading;  // empty: only one reading, but not ours
};

constexpr Unit kDurations[] = {{"ns", 1},  {"us", 1e3},   {"\u00b5s", 1e3}, {"\u03bcs", 1e3}, {"ms", 1e6},
                               {"s", 1e9}, {"min", 60e9}, {"h", 3600e9},    {"d", 86400e9}};
constexpr Trap kDurationTraps[] = {
    {"m", "min", "ms"},    {"M", "min", "ms"},     {"sec", "s", ""},   {"secs", "s", ""},
    {"second", "s", ""},   {"seconds", "s", ""},   {"S", "s", ""},     {"mins", "min", ""},
    {"minute", "min", ""}, {"minutes", "min", ""}, {"Min", "min", ""}, {"msec", "ms", ""},
    {"millis", "ms", ""},  {"MS", "ms", ""},       {"Ms", "ms", ""},   {"usec", "us", ""},
    {"micros", "us", ""},  {"u", "us", ""},        {"nsec", "ns", ""}, {"n", "ns", ""},
    {"hr", "h", ""},       {"hrs", "h", ""},       {"hour", "h", ""},  {"hours", "h", ""},
    {"H", "h", ""},        {"day", "d", ""},       {"days", "d", ""},  {"D", "d", ""}};

constexpr Unit kRates[] = {
    {"/s", 1}, {"/ms", 1e3}, {"/min", 1.0 / 60}, {"/h", 1.0 / 3600}, {"/d", 1.0 / 86400}};
constexpr Trap kRateTraps[] = {
    {"/m", "/min", "/ms"}, {"rps", "/s", ""},   {"qps", "/s", ""},       {"tps", "/s", ""},
    {"Hz", "/s", ""},      {"hz", "/s", ""},    {"/sec", "/s", ""},      {"/second", "/s", ""},
    {"ps", "/s", ""},      {"rpm", "/min", ""}, {"/minute", "/min", ""}, {"/hour", "/h", ""},
    {"/hr", "/h", ""},     {"/day", "/d", ""},  {"req/s", "/s", ""},     {"rq/s", "/s", ""},
    {"s", "/s", ""},       {"min", "/min", ""}, {"k/s", "e3/s", ""},     {"K/s", "e3/s", ""},
    {"M/s", "e6/s", ""},   {"k", "e3/s", ""},   {"K", "e3/s", ""}};

constexpr double kKi = 1024;
constexpr Unit kSizes[] = {{"B", 1},
                           {"KB", 1e3},
                           {"kB", 1e3},
                           {"MB", 1e6},
                           {"GB", 1e9},
                           {"TB", 1e12},
                           {"KiB", kKi},
                           {"MiB", kKi* kKi},
                           {"GiB", kKi* kKi* kKi},
                           {"TiB", kKi* kKi* kKi* kKi}};
constexpr Trap kSizeTraps[] = {
    {"K", "KB", "KiB"}, {"k", "KB", "KiB"}, {"M", "MB", "MiB"}, {"G", "GB", "GiB"},  {"T", "TB", "TiB"},
    {"m", "MB", "MiB"}, {"g", "GB", "GiB"}, {"t", "TB", "TiB"}, {"kb", "KB", "KiB"}, {"Ki", "KiB", ""},
    {"Mi", "MiB", ""},  {"Gi", "GiB", ""},  {"Ti", "TiB", ""},  {"b", "B", ""},      {"byte", "B", ""},
    {"bytes", "B", ""}, {"kib", "KiB", ""}, {"mib", "MiB", ""}, {"gib", "GiB", ""},  {"KIB", "KiB", ""}};

constexpr Unit kBandwidths[] = {{"bit/s", 1},
                                {"kbit/s", 1e3},
                                {"Mbit/s", 1e6},
                                {"Gbit/s", 1e9},
                                {"Tbit/s", 1e12},
                                {"B/s", 8},
                                {"kB/s", 8e3},
                                {"KB/s", 8e3},
                                {"MB/s", 8e6},
                                {"GB/s", 8e9},
                                {"KiB/s", 8 * kKi},
                                {"MiB/s", 8 * kKi* kKi},
                                {"GiB/s", 8 * kKi* kKi* kKi}};
constexpr Trap kBandwidthTraps[] = {
    {"bps", "bit/s", "B/s"},    {"Bps", "B/s", "bit/s"},    {"kbps", "kbit/s", "kB/s"},
    {"Kbps", "kbit/s", "kB/s"}, {"Mbps", "Mbit/s", "MB/s"}, {"mbps", "Mbit/s", "MB/s"},
    {"MBps", "MB/s", "Mbit/s"}, {"Gbps", "Gbit/s", "GB/s"}, {"gbps", "Gbit/s", "GB/s"},
    {"GBps", "GB/s", "Gbit/s"}, {"Tbps", "Tbit/s", ""},     {"b/s", "bit/s", "B/s"},
    {"kb/s", "kbit/s", "kB/s"}, {"Kb/s", "kbit/s", "kB/s"}, {"Mb/s", "Mbit/s", "MB/s"},
    {"mb/s", "Mbit/s", "MB/s"}, {"Gb/s", "Gbit/s", "GB/s"}, {"gb/s", "Gbit/s", "GB/s"},
    {"kb", "kbit/s", "kB/s"},   {"mb", "Mbit/s", "MB/s"},   {"Mb", "Mbit/s", "MB/s"},
    {"gb", "Gbit/s", "GB/s"},   {"Gb", "Gbit/s", "GB/s"},   {"MB", "MB/s", "Mbit/s"},
    {"GB", "GB/s", "Gbit/s"},   {"M", "Mbit/s", "MB/s"},    {"G", "Gbit/s", "GB/s"},
    {"Mbit", "Mbit/s", ""},     {"Gbit", "Gbit/s", ""},     {"kbit", "kbit/s", ""},
    {"mbit/s", "Mbit/s", ""},   {"gbit/s", "Gbit/s", ""},   {"Kbit/s", "kbit/s", ""}};

// Everything that one kind of quantity says about itself.
struct Dimension {
  std::string_view what;         // "a duration"
  std::string_view range;        // "from 0 to 292 years"
  std::string_view units;        // "ns, us, ms, s, min, h or d"
  std::string_view examples[2];  // the two readings offered for a bare number
  const Unit* units_begin;
  const Unit* units_end;
  const Trap* traps_begin;
  const Trap* traps_end;
};

template <std::size_t U, std::size_t T>
constexpr Dimension dimension(std::string_view what, std::string_view range, std::string_view units,
                              std::string_view one, std::string_view other, const Unit (&table)[U],
                              const Trap (&traps)[T]) {
  return {what, range, units, {one, other}, table, table + U, traps, traps + T};
}

constexpr Dimension kDuration = dimension("a duration", "from 0 to 292 years", "ns, us, ms, s, min, h or d",
                                          "ms", "s", kDurations, kDurationTraps);
constexpr Dimension kRate =
    dimension("a rate", "0 or more", "/s, /ms, /min, /h or /d", "/s", "/min", kRates, kRateTraps);
constexpr Dimension kSize =
    dimension("a size", "0 or more", "B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB", "B", "KiB",
              kSizes, kSizeTraps);
constexpr Dimension kBandwidth =
    dimension("a bandwidth", "0 or more", "bit/s, kbit/s, Mbit/s, Gbit/s, B/s, kB/s or MB/s", "Mbit/s",
              "MB/s", kBandwidths, kBandwidthTraps);

Quantity wrong(std::string error, std::string hint = {}) {
  return {std::nullopt, std::move(error), std::move(hint)};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Quantity out_of_range(std::string_view text, std::string_view what, std::string_view range) {
  return wrong(fmt::format("{} is out of range: {} is {}", shown(text), what, range));
}

Quantity unknown_unit(const Dimension& d, std::string_view text, std::string_view number,
                      std::string_view unit) {
  for (const Trap* t = d.traps_begin; t != d.traps_end; ++t) {
    if (t->name != unit) continue;
    if (t->other_reading.empty()) {
      return wrong(fmt::format("expected {}, found {}", d.what, shown(text)),
                   fmt::format("write {}{}", number, t->reading));
    }
    return wrong(fmt::format("{} is ambiguous as {}", shown(text), d.what),
                 fmt::format("write {0}{1} or {0}{2}", number, t->reading, t->other_reading));
  }
  if (&d == &kSize) {  // 100mb: the small b is read as bits by some and as bytes by others
    const std::string_view first = unit.substr(0, 1);
    if (unit.size() == 2 && (unit[1] == 'b') &&
        std::string_view("mMgGtT").find(first[0]) != std::string_view::npos) {
      const char prefix = first[0] >= 'a' ? static_cast<char>(first[0] - 'a' + 'A') : first[0];
      return wrong(
          fmt::format("{} is ambiguous as {}: bits or bytes", shown(text), d.what),
          fmt::format("write {0}{1}B (powers of 1000) or {0}{1}iB (powers of 1024)", number, prefix));
    }
  }
  return wrong(fmt::format("{} has no unit {}, found {}", d.what, shown(unit), shown(text)),
               fmt::format("units are {}", d.units));
}

std::string_view unit_at(std::string_view text) {
  // A unit runs to the next space, digit, sign or point.
  std::size_t end = 0;
  while (end < text.size() && text[end] != ' ' && text[end] != '-' && text[end] != '+' && text[end] != '.' &&
         text[end] != ',' && !(text[end] >= '0' && text[end] <= '9')) {
    ++end;
  }
  return text.substr(0, end);
}

// number unit [number unit ...]; more than one part only when `compound`.
Quantity read_with_unit(const Dimension& d, std::string_view whole, bool compound, bool zero_alone) {
  const std::string_view text = trimmed(whole);
  if (text.empty())
    return wrong(fmt::format("expected {}, found nothing", d.what), fmt::format("units are {}", d.units));
  double total = 0;
  double last_scale = std::numeric_limits<double>::infinity();
  std::string_view rest = text;
  while (!rest.empty()) {
    const NumberText number = read_number(rest);
    if (!number.error.empty()) {
      std::string hint = number.hint;
      if (hint.empty() && &d == &kDuration && text.find(':') != std::string_view::npos)
        hint = "write it as 1min30s";
      return wrong(fmt::format("expected {}: {}", d.what, number.error), std::move(hint));
    }
    if (number.length == 0) {
      if (rest[0] == '-' && text.data() == rest.data()) return out_of_range(text, d.what, d.range);
      return wrong(fmt::format("expected {}, found {}", d.what, shown(text)),
                   fmt::format("write a number and a unit: {}", d.units));
    }
    const std::string_view digits = rest.substr(0, number.length);
    if (digits[0] == '-' || (digits[0] == '+' && rest.data() != text.data()))
      return out_of_range(text, d.what, d.range);
    rest.remove_prefix(number.length);
    rest = trimmed(rest);
    const std::string_view unit = unit_at(rest);
    if (unit.empty() && rest.empty()) {
      if (zero_alone && number.value == 0 && digits.data() == text.data()) return {0.0, {}, {}};
      return wrong(fmt::format("expected {}, found {}, which has no unit", d.what, shown(text)),
                   fmt::format("write {0}{1} or {0}{2}", digits, d.examples[0], d.examples[1]));
    }
    const Unit* found = d.units_begin;
    while (found != d.units_end && found->name != unit) ++found;
    if (found == d.units_end) {
      std::string_view named = unit.empty() ? rest : unit;
      while (!named.empty() && named.back() == ' ') named.remove_suffix(1);
      // "300 req/s" and "300 / s" have their unit after a space.
      if (rest.size() > named.size() && !compound) named = rest;
      if (std::string_view squeezed = named;
          squeezed.size() > 2 && squeezed[0] == '/' && squeezed[1] == ' ') {
        return wrong(fmt::format("expected {}, found {}", d.what, shown(text)),
                     fmt::format("write {}/{}", digits, shown(trimmed(squeezed.substr(1)))));
      }
      return unknown_unit(d, text, digits, named);
    }
    rest.remove_prefix(unit.size());
    rest = trimmed(rest);
    if (!rest.empty() && !compound) {
      return wrong(fmt::format("expected {}, found {}", d.what, shown(text)),
                   fmt::format("nothing may follow {}{}", digits, unit));
    }
    if (found->scale >= last_scale) {
      return wrong(fmt::format("the units of {} must go from large to small", shown(text)),
                   "write it as 1h5min30s");
    }
    last_scale = found->scale;
    total += number.value * found->scale;
  }
  if (!(total <= std::numeric_limits<double>::max()))
    return wrong(shown(text) + " is too large for a number");
  return {total, {}, {}};
}

std::string_view strip_plus(std::string_view text) {
  return !text.empty() && text[0] == '+' ? text.substr(1) : text;
}

// What to write for 5k, 5M and the like where a bare number is wanted.
std::string plain_number_hint(std::string_view digits, double value, std::string_view rest) {
  double scale = 0;
  if (rest == "k" || rest == "K") scale = 1e3;
  if (rest == "M") scale = 1e6;
  if (rest == "G") scale = 1e9;
  if (scale > 0 && std::fabs(value) < 1e15) return "write " + spelled(value * scale);
  if (rest == "%") return "write it without the percent sign";
  return fmt::format("write {} alone: this has no unit", digits);
}

Quantity read_bare(std::string_view whole, std::string_view what) {
  const std::string_view text = trimmed(whole);
  if (text.empty()) return wrong(fmt::format("expected {}, found nothing", what));
  const NumberText number = read_number(text);
  if (!number.error.empty()) return wrong(fmt::format("expected {}: {}", what, number.error), number.hint);
  if (number.length == 0) return wrong(fmt::format("expected {}, found {}", what, shown(text)));
  if (number.length < text.size()) {
    const std::string_view rest = trimmed(text.substr(number.length));
    return wrong(fmt::format("expected {}, found {}", what, shown(text)),
                 plain_number_hint(text.substr(0, number.length), number.value, rest));
  }
  return {number.value, {}, {}};
}

}  // namespace

Quantity parse_duration_ns(std::string_view text) {
  constexpr double kMaxNs = 9.2233720368547e18;  // the range of simulated time, see sim/base/time.hpp
  Quantity q = read_with_unit(kDuration, text, true, true);
  if (q.value && *q.value > kMaxNs) {
    return wrong(fmt::format("{} exceeds 292 years", shown(trimmed(text))),
                 "simulated time is counted in ns of 64 bits");
  }
  return q;
}

Quantity parse_rate_per_s(std::string_view text) {
  return read_with_unit(kRate, text, false, false);
}

Quantity parse_size_bytes(std::string_view text) {
  return read_with_unit(kSize, text, false, true);
}

Quantity parse_bandwidth_bit_per_s(std::string_view text) {
  return read_with_unit(kBandwidth, text, false, false);
}

Quantity parse_fraction(std::string_view whole) {
  constexpr std::string_view kWhat = "a fraction";
  constexpr std::string_view kRange = "from 0 to 1, or from 0% to 100%";
  std::string_view text = trimmed(whole);
  const bool percent = !text.empty() && text.back() == '%';
  const std::string_view digits = percent ? trimmed(text.substr(0, text.size() - 1)) : text;
  Quantity q = read_bare(digits, kWhat);
  if (!q.value) return q;
  const double value = percent ? *q.value / 100 : *q.value;
  if (value >= 0 && value <= 1) return {value, {}, {}};
  q = out_of_range(text, kWhat, kRange);
  if (!percent && value >= 2 && value <= 100) q.hint = fmt::format("write {}%", strip_plus(digits));
  return q;
}

Quantity parse_number(std::string_view text) {
  return read_bare(text, "a number");
}

Quantity parse_count(std::string_view whole) {
  constexpr std::string_view kWhat = "a whole number";
  const std::string_view text = trimmed(whole);
  const Quantity q = read_bare(text, kWhat);
  if (!q.value) return q;
  const double value = *q.value;
  if (value < 0) return out_of_range(text, kWhat, "0 or more");
  if (value != std::floor(value)) {
    return wrong(
        fmt::format("expected a whole number, found {}", shown(text)),
        value < 1e15 ? fmt::format("write {:.0f} or {:.0f}", std::floor(value), std::ceil(value)) : "");
  }
  if (value >= 0x1p63) return out_of_range(text, kWhat, "0 to 9223372036854774784");  // the last double below
  // Digits past 2^53 may not survive the double: 9007199254740993 would silently become ...992.
  std::uint64_t exact = 0;
  const std::string_view digits = strip_plus(text);
  const auto [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), exact);
  if (code == std::errc() && stop == digits.data() + digits.size() &&
      static_cast<std::uint64_t>(value) != exact) {
    return wrong(fmt::format("{} has more digits than a number holds", shown(text)),
                 fmt::format("the nearest that fits is {:.0f}", value));
  }
  return {value, {}, {}};
}

std::optional<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::string bool_hint(std::string_view text) {
  std::string word;
  for (char c : text.substr(0, 8)) word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (word == "yes" || word == "on" || word == "y" || word == "true" || word == "1") return "write true";
  if (word == "no" || word == "off" || word == "n" || word == "false" || word == "0") return "write false";
  return "write true or false";
}

std::string format_duration(double ns) {
  if (std::isnan(ns)) return "n/a";
  if (std::isinf(ns)) return ns > 0 ? "inf" : "-inf";
  if (ns < 0) return "-" + format_duration(-ns);
  if (ns == 0) return "0s";
  constexpr std::array<Unit, 7> kByLength = {
      {{"d", 86400e9}, {"h", 3600e9}, {"min", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}}};
  std::string best;
  for (const Unit& unit : kByLength) {
    const double value = ns / unit.scale;
    if (value < 1 && unit.scale > 1) continue;
    if (value * unit.scale != ns) continue;
    std::string text = fmt::format("{}{}", value, unit.name);
    if (best.empty() || text.size() < best.size()) best = std::move(text);
  }
  return best;  // never empty: ns itself divides by 1 exactly
}

}  // namespace tailrace::models
