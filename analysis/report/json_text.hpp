#pragma once
// JSON written as it comes, into a string: objects keep the order of the calls, so equal inputs give equal
// bytes. Numbers are the shortest text that reads back; NaN and infinities become null. Text is always valid
// UTF-8: control characters are escaped, invalid bytes become U+FFFD. Nesting is checked, names are not
// checked for duplicates.
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::analysis {

std::string json_quoted(std::string_view text);
std::string json_number(double value);

class JsonText {
 public:
  // compact writes no line breaks; otherwise two spaces per level.
  explicit JsonText(bool compact = false) : compact_(compact) {}

  JsonText& key(std::string_view name);
  JsonText& begin_object() { return begin('{'); }
  JsonText& end_object() { return end('}'); }
  JsonText& begin_array() { return begin('['); }
  JsonText& end_array() { return end(']'); }
  // An object or array on one line, for small things in long lists.
  JsonText& begin_inline_object() { return begin('{', true); }
  JsonText& begin_inline_array() { return begin('[', true); }

  JsonText& null() { return raw("null"); }
  JsonText& value(std::string_view text) { return raw(json_quoted(text)); }
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(const std::string& text) { return value(std::string_view(text)); }
  JsonText& value(bool b) { return raw(b ? "true" : "false"); }
  JsonText& value(double number) { return raw(json_number(number)); }
  template <std::integral T>
  JsonText& value(T number) {
    return raw(std::to_string(number));
  }
  template <class T>
  JsonText& field(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }

  // The text so far; complete when every begin has its end. Ends in a line break unless compact.
  std::string take();

 private:
  struct Level {
    char close;
    bool on_one_line;
    bool empty;
  };
  JsonText& begin(char open, bool on_one_line = false);
  JsonText& end(char close);
  JsonText& raw(std::string_view text);
  void separate();

  bool compact_;
  bool after_key_ = false;
  std::vector<Level> levels_;
  std::string out_;
};

}  // namespace tailrace::analysis
