#pragma once
// What the command line says about itself, for other readers: a manual page and completions for shells. Both
// are made from the commands and options as CLI11 has them, so they cannot tell of an option that is not
// there.
#include <string>

namespace CLI {
class App;
}

namespace tailrace::cli {

std::string manual_page(const CLI::App& app);  // roff, section 1
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

}  // namespace tailrace::cli
