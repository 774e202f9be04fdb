#pragma once
// What the benchmarks share: a scenario's text to a compiled model by the whole pipeline, one replication of
// it, the processor time that something took, and the middle of several.
#include <algorithm>
#include <cstdint>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/execution.hpp"
#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"

namespace tailrace::bench {

inline double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <class F>
double timed(F&& f) {
  const double before = cpu_seconds();
  f();
  return cpu_seconds() - before;
}

inline std::shared_ptr<const models::CompiledModel> compiled(const std::string& text) {
  models::Diagnostics diagnostics;
  scenarios::ReadOptions options;
  options.max_file_bytes = std::size_t{64} << 20;
  const scenarios::ReadResult read = scenarios::read_scenario_text(text, "bench.yaml", options, diagnostics);
  if (read.status != scenarios::ReadStatus::ok) throw std::runtime_error("the scenario cannot be read");
  auto topology = models::build_topology(read.doc, diagnostics);
  if (!topology) throw std::runtime_error("the scenario is not valid");
  return models::compile(std::make_shared<models::Topology>(std::move(*topology)));
}

inline models::RunRecord replicated(const std::shared_ptr<const models::CompiledModel>& model,
                                    std::uint32_t replication = 0) {
  models::RunOptions options;
  options.replication = replication;
  return models::Execution(model, options).run();
}

inline std::uint64_t requests_of(const models::RunRecord& record) {
  std::uint64_t n = 0;
  for (const models::ClassRecord& c : record.classes) n += models::total(c.ended);
  return n;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace tailrace::bench
