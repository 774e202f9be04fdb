// `tailrace view ...` becomes tailrace-view, the program beside this one: so this one needs no graphics, and
// a machine without a display needs none of their packages.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"

namespace tailrace::cli {

int view_command(const std::vector<std::string>& arguments) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path viewer = self.parent_path() / "tailrace-view";
  if (self.empty() || !fs::exists(viewer, ignored)) {
    complain(fmt::format("the viewer is not here: there is no '{}'", viewer.string()));
    write_stderr(
        "  hint: it is the package tailrace-viewer; from the sources: scripts/install-deps viewer && "
        "cmake -B build -DTAILRACE_VIEWER=ON && cmake --build build --target tailrace_view\n");
    return kInputOutput;
  }
  std::string name = viewer.string();
  std::vector<char*> argv{name.data()};
  std::vector<std::string> copies = arguments;
  for (std::string& text : copies) argv.push_back(text.data());
  argv.push_back(nullptr);
  execv(name.c_str(), argv.data());
  complain(fmt::format("cannot start '{}': {}", name, std::strerror(errno)));
  return kInputOutput;
}

}  // namespace tailrace::cli
