// A topology built in code: chains of 1 to 32 services, each of which works 2 ms on average and calls the
// next. Nobody waits for a worker, so the mean grows by 2 ms a hop exactly, while the p99 grows much more
// slowly: sums of independent times are steadier, in proportion, than each of them.
#include <fmt/format.h>

#include "analysis/report/run_report.hpp"
#include "scenarios/run/load.hpp"
#include "scenarios/run/replicate.hpp"

using namespace tailrace;

namespace {

std::string chain_of(int length) {
  std::string text =
      "tailrace: 1\n"
      "run: {duration: 60s, warmup: 5s, replications: 4}\n"
      "workloads: {users: {constant_arrival_rate: 200/s, calls: s1.op}}\n"
      "services:\n";
  for (int i = 1; i <= length; ++i) {
    const std::string next = i < length ? fmt::format(", call: s{}.op", i + 1) : "";
    text += fmt::format("  s{}: {{workers: unlimited, endpoints: {{op: [compute: exp(2ms){}]}}}}\n", i, next);
  }
  return text;
}

}  // namespace

int main() {
  fmt::print("hops  mean, ms   theory  p99, ms  p99/mean\n");
  for (const int hops : {1, 2, 4, 8, 16, 32}) {
    const auto model = scenarios::load_text(chain_of(hops));
    const auto records = scenarios::replicate(model, {}).records;
    const analysis::RunReport report = analysis::build_run_report(*model, records);
    const analysis::LatencyReport& latency = report.workloads[0].duration;
    const analysis::Interval& p99 = latency.percentile(0.99);
    fmt::print("{:4}  {:5.2f} ±{:.2f}  {:6.1f}  {:7.2f}  {:8.2f}\n", hops, 1e3 * latency.mean.estimate,
               1e3 * latency.mean.half_width(), 2.0 * hops, 1e3 * p99.estimate,
               p99.estimate / latency.mean.estimate);
  }
}
