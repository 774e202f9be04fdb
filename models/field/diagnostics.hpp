#pragma once
// What is wrong with a scenario, in the user's words: severity, place, path, message, hint. Errors are
// collected, not thrown, so that one check reports all of them; of errors and of warnings kMaxShown are
// printed, with a count of the rest.
#include <string>
#include <string_view>
#include <vector>

#include "models/field/document.hpp"

namespace tailrace::models {

enum class Severity { error, warning, note };

struct Diagnostic {
  Severity severity = Severity::error;
  Mark mark;            // line 0: no place
  std::string path;     // "services.cart.workers"; list items as [0]; empty for the file itself
  std::string message;  // "expected a duration, found 50"
  std::string hint;     // "write 50ms or 50s"; may be empty
};

class Diagnostics {
 public:
  static constexpr int kMaxShown = 20;

  void error(Mark mark, std::string path, std::string message, std::string hint = {}) {
    ++errors_;
    add({Severity::error, mark, std::move(path), std::move(message), std::move(hint)});
  }
  void warning(Mark mark, std::string path, std::string message, std::string hint = {}) {
    add({Severity::warning, mark, std::move(path), std::move(message), std::move(hint)});
  }
  // A further place that belongs to the diagnostic before it ("first defined here").
  void note(Mark mark, std::string message) { add({Severity::note, mark, {}, std::move(message), {}}); }

  // Whoever reported it knew only the component; the field's own place was found from the path.
  void relocate(std::size_t index, Mark mark) { list_[index].mark = mark; }

  bool ok() const { return errors_ == 0; }
  int errors() const { return errors_; }
  const std::vector<Diagnostic>& all() const { return list_; }

 private:
  void add(Diagnostic d) {
    if (list_.size() < kMaxKept) list_.push_back(std::move(d));
  }
  static constexpr std::size_t kMaxKept = 1000;  // a broken 10^6-line file must not fill the memory
  int errors_ = 0;
  std::vector<Diagnostic> list_;
};

// "shop.yaml:12:7: error: services.cart.workers: message" with the source line, a caret and the hint, for a
// terminal. Control characters in the quoted line are escaped. Notes follow their diagnostic.
std::string format_diagnostics(const Diagnostics& diagnostics, const std::vector<SourceFile>& files);

// "a queue", "an endpoint".
std::string with_article(std::string_view word);

// The known word nearest to what was typed (Damerau-Levenshtein, at most a third of its length away), or "".
std::string nearest_word(std::string_view typed, const std::vector<std::string_view>& known);

// Control characters as \xNN and invalid UTF-8 as \xNN, so that no name can drive a terminal.
std::string escaped(std::string_view text);

}  // namespace tailrace::models
