#pragma once
// How an experiment's result leaves the program: as NAME.json, NAME.csv and what else there is in a folder,
// all or none, and on standard output in the form that was asked for. A form is made only where it is wanted.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.hpp"

namespace tailrace::cli {

struct ResultForms {
  std::string name;                                                              // of the files
  std::function<std::string()> json, csv, text;                                  // csv may be missing
  std::vector<std::pair<std::string, std::function<std::string()>>> more_files;  // by name
};

class GivenOut {
 public:
  GivenOut(std::string error, bool printed) : error_(std::move(error)), printed_(printed) {}
  // False after saying what could not be written; commands say first how the work itself ended.
  bool whole() const;

 private:
  std::string error_;
  bool printed_;
};

// `folder`: empty for none.
GivenOut give_out(const ScenarioArguments& arguments, const std::string& folder, const ResultForms& forms);

}  // namespace tailrace::cli
