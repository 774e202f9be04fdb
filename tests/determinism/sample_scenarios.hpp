#pragma once
// Small scenarios of many kinds (every way to arrive, to queue and to share cores, networks, most policies),
// for tests that compare runs with each other.
#include <string>
#include <vector>

namespace tailrace::tests {

struct Sample {
  std::string name;
  std::string scenario;
};
std::vector<Sample> sample_scenarios();

}  // namespace tailrace::tests
