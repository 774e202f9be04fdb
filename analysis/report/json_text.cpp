#include "analysis/report/json_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "models/field/utf8.hpp"
#include "sim/base/check.hpp"

namespace tailrace::analysis {

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const models::Utf8 c = models::next_utf8(text, i);
    if (c.length == 0) {
      out += "\\ufffd";
      ++i;
      continue;
    }
    if (c.code == '"' || c.code == '\\') {
      out += '\\';
      out += static_cast<char>(c.code);
    } else if (c.code == '\n') {
      out += "\\n";
    } else if (c.code == '\t') {
      out += "\\t";
    } else if (c.code == '\r') {
      out += "\\r";
    } else if (models::is_control(c.code) || models::is_invisible_order(c.code)) {
      out += fmt::format("\\u{:04x}", c.code);
    } else {
      out += text.substr(i, c.length);
    }
    i += c.length;
  }
  out += '"';
  return out;
}

std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  if (value == 0) return "0";  // also -0, which some readers keep apart
  return fmt::format("{}", value);
}

void JsonText::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  Level& level = levels_.back();
  if (!level.empty) out_ += ',';
  if (!compact_) {
    if (level.on_one_line) {
      if (!level.empty) out_ += ' ';
    } else {
      out_ += '\n';
      out_.append(levels_.size() * 2, ' ');
    }
  }
  level.empty = false;
}

JsonText& JsonText::key(std::string_view name) {
  TAILRACE_CHECK(!levels_.empty() && levels_.back().close == '}' && !after_key_);
  separate();
  out_ += json_quoted(name);
  out_ += compact_ ? ":" : ": ";
  after_key_ = true;
  return *this;
}

JsonText& JsonText::raw(std::string_view text) {
  TAILRACE_CHECK(after_key_ || levels_.empty() || levels_.back().close == ']');
  separate();
  out_ += text;
  return *this;
}

JsonText& JsonText::begin(char open, bool on_one_line) {
  const bool inside_line = !levels_.empty() && levels_.back().on_one_line;
  separate();
  out_ += open;
  levels_.push_back({open == '{' ? '}' : ']', on_one_line || inside_line, true});
  return *this;
}

JsonText& JsonText::end(char close) {
  TAILRACE_CHECK(!levels_.empty() && levels_.back().close == close && !after_key_);
  const Level level = levels_.back();
  levels_.pop_back();
  if (!compact_ && !level.on_one_line && !level.empty) {
    out_ += '\n';
    out_.append(levels_.size() * 2, ' ');
  }
  out_ += close;
  return *this;
}

std::string JsonText::take() {
  TAILRACE_CHECK(levels_.empty());
  if (!compact_) out_ += '\n';
  return std::move(out_);
}

}  // namespace tailrace::analysis
