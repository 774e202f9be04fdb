#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/reference.hpp"
#include "cli/scenario_schema.hpp"
#include "models/field/number_text.hpp"

namespace tailrace::cli {

int describe_command(const DescribeArguments& arguments) {
  if (arguments.markdown) return write_stdout(reference_markdown()) ? kGood : kInputOutput;
  if (arguments.name.empty()) return write_stdout(describe_list()) ? kGood : kInputOutput;
  std::string hint;
  const std::string text = describe_one(arguments.name, hint);
  if (text.empty()) {
    complain(fmt::format(
        "there is nothing called {}; {}", models::shown(arguments.name),
        hint.empty() ? "`tailrace describe` lists what there is" : fmt::format("did you mean {}?", hint)));
    return kUsage;
  }
  return write_stdout(text) ? kGood : kInputOutput;
}

int schema_command() {
  return write_stdout(scenario_schema()) ? kGood : kInputOutput;
}

}  // namespace tailrace::cli
