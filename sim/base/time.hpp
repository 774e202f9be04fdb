#pragma once
// Simulated time: whole nanoseconds in 64 bits, 292 years long. An Instant is a point on the run's clock (0
// is the start of the run), a Duration a distance; mixing them up does not compile. Sums saturate at the
// ends of the range: a back-off of 2^200 is "never", not undefined behaviour.
#include <compare>
#include <cstdint>
#include <limits>

namespace tailrace::sim {

// As people and files are told: the double nearest to that many seconds, which prints as the decimal that it
// is, 60. (60e9 * 1e-9 is 60.00000000000001.)
constexpr double seconds_of(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

struct Duration {
  std::int64_t ns = 0;

  static constexpr Duration max() { return {std::numeric_limits<std::int64_t>::max()}; }
  // Nearest nanosecond; negative values and NaN become 0, values past the range saturate.
  static constexpr Duration from_ns(double value) {
    if (!(value > 0)) return {0};
    if (value >= 9.2233720368547e18) return max();
    return {static_cast<std::int64_t>(value + 0.5)};
  }
  static constexpr Duration from_seconds(double seconds) { return from_ns(seconds * 1e9); }
  // To reckon with; seconds_of() is what is shown.
  constexpr double seconds() const { return static_cast<double>(ns) * 1e-9; }
  constexpr auto operator<=>(const Duration&) const = default;
};

struct Instant {
  std::int64_t ns = 0;

  static constexpr Instant max() { return {std::numeric_limits<std::int64_t>::max()}; }
  constexpr double seconds() const { return static_cast<double>(ns) * 1e-9; }
  constexpr auto operator<=>(const Instant&) const = default;
};

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return a > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
  return sum;
}
constexpr Instant operator+(Instant t, Duration d) {
  return {saturating_add(t.ns, d.ns)};
}
constexpr Duration operator-(Instant a, Instant b) {
  return {a.ns - b.ns};
}
constexpr Duration operator+(Duration a, Duration b) {
  return {saturating_add(a.ns, b.ns)};
}
constexpr Duration operator-(Duration a, Duration b) {
  return {a.ns - b.ns};
}

}  // namespace tailrace::sim
