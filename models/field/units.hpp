#pragma once
// Numbers with units, as people write them in a scenario: "25ms", "300/s", "10Gbit/s", "20%", "64KiB".
// Numbers follow YAML 1.2's core schema in decimal ("1e3" and "-2.5" are numbers; "0x10", "012", "1_000",
// "1:30" are refused with a word on what to write). A missing unit, an unknown one and an ambiguous one
// ("5m": minutes or milli? "100mb": megabits or megabytes? "1M") are errors that name the readings. NaN,
// infinities and overflow are errors. Results are plain doubles in the unit that the name says; range checks
// beyond the sign belong to the field.
#include <optional>
#include <string>
#include <string_view>

namespace tailrace::models {

struct Quantity {
  std::optional<double> value;  // empty: `error` says what was expected and found, `hint` what to write
  std::string error;
  std::string hint;
};

// ns us µs ms s min h d. Compound forms ("1min30s", "1h 5min") add up. "0" alone is allowed. Result in
// nanoseconds.
Quantity parse_duration_ns(std::string_view text);
// N/s N/ms N/min N/h N/d, and kilo/mega as plain digits only. Result per second.
Quantity parse_rate_per_s(std::string_view text);
// B, KB MB GB TB (powers of 1000), KiB MiB GiB TiB (powers of 1024). Result in bytes. "0" alone is allowed.
Quantity parse_size_bytes(std::string_view text);
// bit/s kbit/s Mbit/s Gbit/s Tbit/s, B/s kB/s MB/s GB/s, KiB/s MiB/s GiB/s; "Gbps"-style ends are refused
// with the two readings. Result in bits per second.
Quantity parse_bandwidth_bit_per_s(std::string_view text);
// "20%" or a bare number in 0..1. Result 0..1; outside is an error that names the range. A bare number over 1
// hints at the percent sign.
Quantity parse_fraction(std::string_view text);
// A bare decimal number, no unit.
Quantity parse_number(std::string_view text);
// A whole number >= 0 that fits 63 bits exactly; "1e3" is accepted as 1000, "2.5" is an error.
Quantity parse_count(std::string_view text);

// "true" and "false" only: yes, no, on and off are words, as in YAML 1.2. bool_hint says what to write
// instead.
std::optional<bool> parse_bool(std::string_view text);
std::string bool_hint(std::string_view text);

// The shortest exact spelling that the parser reads back: 25000000 ns -> "25ms", 1500 -> "1.5us".
std::string format_duration(double ns);

}  // namespace tailrace::models
