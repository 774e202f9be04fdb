#include "cli/console.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/signals.hpp"
#include "models/field/diagnostics.hpp"

namespace tailrace::cli {

namespace {

// Bytes written; short when errno says why.
std::size_t write_all(int fd, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR || interrupted_by() != 0) {
      break;  // a signal ends the wait for a reader who does not read
    }
  }
  return done;
}

bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text = value;
    return text.find("UTF-8") != std::string_view::npos || text.find("utf8") != std::string_view::npos ||
           text.find("utf-8") != std::string_view::npos || text.find("UTF8") != std::string_view::npos;
  }
  return false;
}

}  // namespace

void prepare_streams() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF && ::open("/dev/null", O_RDWR) < 0) std::_Exit(5);
  }
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
}

StreamStyle stream_style() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool colours =
      (no_colour == nullptr || *no_colour == '\0') && term != nullptr && std::strcmp(term, "dumb") != 0;
  StreamStyle style;
  style.err_is_terminal = ::isatty(2) == 1;
  style.out = {colours && ::isatty(1) == 1, utf8_locale()};
  style.err = {colours && style.err_is_terminal, utf8_locale()};
  return style;
}

bool write_stdout(std::string_view text) {
  const std::size_t done = write_all(1, text);
  if (done == text.size() || errno == EPIPE || errno == EINTR) return true;
  const std::string reason = std::strerror(errno);
  complain(
      fmt::format("cannot write standard output: {} ({} of {} bytes written)", reason, done, text.size()));
  return false;
}

void write_stderr(std::string_view text) {
  write_all(2, text);
}

void complain(std::string_view message) {
  write_stderr("tailrace: " + models::escaped(message) + "\n");
}

void complain_of_fault(std::string_view how) {
  complain(fmt::format("internal error: {}; please report this with the scenario", how));
}

}  // namespace tailrace::cli
