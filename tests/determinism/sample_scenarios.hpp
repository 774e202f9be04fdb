#pragma once
// Eight small scenarios that between them use every feature, for tests that compare a run with itself.
#include <string>
#include <vector>

namespace tailrace::tests {

struct Sample {
  std::string name;
  std::string scenario;
};
std::vector<Sample> sample_scenarios();

}  // namespace tailrace::tests
