#pragma once
// The command line. The only file that knows CLI11; its own exit codes end here.
#include <functional>

namespace tailrace::cli {

inline constexpr const char* kVersion = "0.1.0";

// Reads the command line and returns what it asks for. Usage errors are printed and become exit code 2,
// --help and --version become 0.
std::function<int()> read_command_line(int argc, char** argv);

}  // namespace tailrace::cli
