#pragma once
// The decimal number at the start of a text, as YAML 1.2's core schema spells it: "3", "-2.5", ".5", "1e3".
// Spellings that other formats read differently (0x10, 012, 1_000, 1:30, 1,5) and values that a double cannot
// hold are refused with a word on what to write. Units know nothing of digits and this knows nothing of
// units.
#include <cstddef>
#include <string>
#include <string_view>

namespace tailrace::models {

struct NumberText {
  std::size_t length = 0;  // characters read; 0 with an empty error: no number stands here
  double value = 0;        // finite
  std::string error;       // why these digits are refused; empty when value holds
  std::string hint;        // what to write instead; may be empty
};

NumberText read_number(std::string_view text);

// A unit that is put behind numbers must not go on with them: "00ms", "e3s", "s5ms".
bool has_digit(std::string_view text);

// A user's text as a message shows it: bare when it is one plain word, else quoted, escaped and cut at 40
// characters.
std::string shown(std::string_view text);

// A number as a hint spells it: the shortest text that reads back, without an exponent up to 1e15.
std::string spelled(double value);

}  // namespace tailrace::models
