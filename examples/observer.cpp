// Looking at a run over time: a record has windows with what happened in each. Here a database stalls for ten
// seconds, and the windows show the queue that it leaves, second by second. Nothing that looks can change
// what it looks at.
#include <fmt/format.h>

#include "models/runtime/execution.hpp"
#include "scenarios/run/load.hpp"

using namespace tailrace;

namespace {

constexpr const char* kScenario = R"(tailrace: 1
run: {duration: 60s, time_resolution: 5s}
workloads: {users: {constant_arrival_rate: 150/s, calls: shop.buy}}
services: {shop: {workers: unlimited, endpoints: {buy: [compute: 2ms, call: stock.reserve]}}}
databases: {stock: {connections: 4, operations: {reserve: exp(20ms)}}}
faults: [{type: pause, target: stock, start: 20s, duration: 10s}]
)";

}  // namespace

int main() {
  const auto model = scenarios::load_text(kScenario);
  models::RunOptions options;
  options.seed = 7;
  const models::RunRecord record = models::Execution(model, options).run();
  std::size_t stock = 0;
  while (model->topology->stations[stock].name != "stock") ++stock;
  fmt::print("until, s  arrived  answered  waiting  p99, ms\n");
  for (const models::WindowRecord& window : record.windows) {
    const models::WindowRecord::PerClass& users = window.classes[0];
    const models::WindowRecord::ClassTimes* const times = window.times_of_class(0);
    fmt::print("{:8.0f}  {:7}  {:8}  {:7.1f}  {:7}\n", 1e-9 * static_cast<double>(window.end_ns),
               users.arrived, users.succeeded, window.stations[stock].queue,
               times != nullptr ? fmt::format("{:.0f}", 1e3 * times->p99_s) : "-");
  }
  fmt::print("fingerprint of the trajectory: {:016x}\n", record.trajectory);
}
