// An experiment driven from code: one fast server or two of half its speed? Both have the same capacity. The
// runs are paired on common random numbers, so what is left of the difference is what the design does.
#include <fmt/format.h>

#include "scenarios/run/compare.hpp"
#include "scenarios/run/load.hpp"

using namespace tailrace;

namespace {

constexpr const char* kOne = R"(tailrace: 1
run: {duration: 200s, warmup: 20s}
workloads: {users: {constant_arrival_rate: 80/s, calls: shop.get}}
services: {shop: {workers: 1, endpoints: {get: [compute: exp(10ms)]}}}
)";

std::string milliseconds(const analysis::Interval& i) {
  return fmt::format("{:+.1f} ms, 95 % interval {:+.1f} to {:+.1f}", 1e3 * i.estimate, 1e3 * i.low,
                     1e3 * i.high);
}

}  // namespace

int main() {
  scenarios::CompareOptions options;
  options.replications = 20;
  options.primary = "users.request_duration avg";
  const scenarios::CompareRun run = scenarios::run_paired(
      {{"one fast", scenarios::load_text(kOne)},
       {"two slow", scenarios::load_text(kOne, {"services.shop.workers=2",
                                                "services.shop.endpoints.get[0].compute=exp(20ms)"})}},
      options);
  const analysis::Comparison comparison = analysis::compare_variants(run.variants, options.primary, 0.95);
  for (const analysis::FigureComparison& row : comparison.rows) {
    if (row.figure.name() != options.primary) continue;
    // Erlang: 50 ms against 55.6 ms.
    fmt::print("mean: {}\n", milliseconds(row.result.difference));
    fmt::print("two slow servers are {}\n", analysis::finding_name(row.finding));
  }
}
