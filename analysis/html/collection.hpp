#pragma once
// Several stored results in one report: what each was, how its thresholds ended, and the figures of its
// workloads with their intervals, beside each other. It knows results only as far as summary.json does, so
// results of other machines and of older versions of a system stand beside each other. Three forms: for a
// terminal, for a comment on a pull request, and a page of its own that links to each result's report.html.
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/report/human.hpp"
#include "analysis/stats/interval.hpp"

namespace tailrace::analysis {

struct StoredThreshold {
  std::string metric, condition, verdict;  // pass, fail, no_data
  std::string unit;                        // s, 1, 1/s
  Interval measured;
};

struct StoredWorkload {
  std::string name;
  Interval goodput, failed, mean, p50, p99, p999;  // per_s, fraction, s
};

struct StoredResult {
  std::string folder;    // as it was named
  std::string scenario;  // may be empty
  std::uint64_t seed = 1;
  int replications = 0;
  double measured_s = 0;  // all replications together
  std::string status, message, result_fingerprint;
  std::vector<StoredThreshold> thresholds;
  std::vector<StoredWorkload> workloads;
  std::string verdict, story;  // of what followed a fault; empty where nothing did
  bool completed() const { return status == "completed"; }
};

std::string collection_text(const std::vector<StoredResult>& results, TextStyle style);
std::string collection_markdown(const std::vector<StoredResult>& results);
// `further`: sections behind those of the results, and what their style sheet adds.
struct FurtherSections {
  std::string style, html;
};
std::string collection_html(const std::vector<StoredResult>& results, const FurtherSections& further = {});

}  // namespace tailrace::analysis
