#include "cli/give_out.hpp"

#include "cli/console.hpp"
#include "cli/output_files.hpp"

namespace tailrace::cli {

bool GivenOut::whole() const {
  if (!error_.empty()) complain(error_);
  return error_.empty() && printed_;
}

GivenOut give_out(const ScenarioArguments& arguments, const std::string& folder, const ResultForms& forms) {
  std::string json, csv, error;
  if (!folder.empty() || arguments.format == OutputFormat::json) json = forms.json();
  if (forms.csv && (!folder.empty() || arguments.format == OutputFormat::csv)) csv = forms.csv();
  if (!folder.empty()) {
    OutputFiles files(folder);
    error = files.prepare();
    const auto add = [&](const std::string& name, const std::string& content) {
      if (error.empty()) error = files.add(name, content);
    };
    add(forms.name + ".json", json);
    if (forms.csv) add(forms.name + ".csv", csv);
    for (const auto& [name, content] : forms.more_files) add(name, content());
    if (error.empty()) error = files.commit();
  }
  switch (arguments.format) {
    case OutputFormat::json:
      return {error, write_stdout(json)};
    case OutputFormat::csv:
      return {error, write_stdout(csv)};
    case OutputFormat::text:
      break;
  }
  return {error, arguments.quiet || write_stdout(forms.text())};
}

}  // namespace tailrace::cli
