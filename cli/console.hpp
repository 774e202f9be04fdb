#pragma once
// The terminal and the standard streams. Everything for standard output goes through write_stdout(), which
// knows what a reader who left (| head) and a full disk are. Colours and box characters appear only where
// they can be shown.
#include <string>
#include <string_view>

#include "analysis/report/human.hpp"

namespace tailrace::cli {

// Makes sure that descriptors 0 to 2 are open, so that no file of ours becomes standard output by accident,
// and that writing to a closed pipe or past a file size limit is an error and not a signal.
void prepare_streams();

struct StreamStyle {
  analysis::TextStyle out, err;
  bool err_is_terminal = false;
};
StreamStyle stream_style();  // from isatty, NO_COLOR, TERM and the locale

// False when the text could not be written; the reason is then on standard error. A reader who left is no
// failure.
bool write_stdout(std::string_view text);
void write_stderr(std::string_view text);

// "tailrace: message", control characters escaped.
void complain(std::string_view message);
// ... of an invariant of the simulator that a run broke.
void complain_of_fault(std::string_view how);

}  // namespace tailrace::cli
