// The composition root: reads the command line, runs one command, and turns whatever escapes into a message
// and an exit code. Nothing depends on this folder.
#include <fmt/format.h>
#include <unistd.h>

#include <exception>
#include <new>

#include "cli/arguments.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/signals.hpp"
#include "scenarios/run/crew.hpp"

namespace {

using namespace tailrace::cli;

constexpr const char* kNoMemory =
    "tailrace: the system has no more memory; smaller run.max_memory, fewer --jobs or a shorter run may "
    "fit\n";

// Called inside a catch block, also for exceptions that would leave a thread. Allocates nothing when memory
// is out.
int explain_exception(int argc, char** argv) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    write_stderr(kNoMemory);
    return kLimitReached;
  } catch (const tailrace::scenarios::CrewLost& fault) {
    complain(fault.what());
    return kInputOutput;
  } catch (const std::exception& fault) {
    std::string command;
    for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
    complain(fmt::format("internal error: {}; please report this with the scenario and the command:{}",
                         fault.what(), command));
  } catch (...) {
    complain("internal error: an unknown exception; please report this with the scenario");
  }
  return kInternal;
}

int exit_argc = 0;
char** exit_argv = nullptr;

[[noreturn]] void on_terminate() {
  if (std::current_exception()) {
    try {
      _exit(explain_exception(exit_argc, exit_argv));
    } catch (...) {
      _exit(kInternal);
    }
  }
  write_stderr("tailrace: internal error: terminated; please report this with the scenario\n");
  _exit(kInternal);
}

}  // namespace

int main(int argc, char** argv) {
  exit_argc = argc;
  exit_argv = argv;
  std::set_terminate(on_terminate);
  try {
    prepare_streams();
    catch_signals();
    return read_command_line(argc, argv)();
  } catch (...) {
    return explain_exception(argc, argv);
  }
}
