// Where theory is an approximation, how far it is off is a fact about the program too: load through pools
// that hold their workers while others work, predicted and simulated.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analysis/prediction/predict.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

struct Pools {
  const char* name;
  const char* scenario;
};
constexpr Pools kPools[] = {{"one", R"(
workloads: {load: {constant_vus: 8, think_time: exp(100ms), calls: front.op}}
services:
  front: {workers: 2, endpoints: {op: [compute: exp(10ms), call: back.op]}}
  back: {workers: 1, endpoints: {op: [compute: exp(20ms)]}}
)"},
                            {"nested", R"(
workloads: {load: {constant_vus: 40, think_time: exp(300ms), calls: front.op}}
services:
  front: {workers: 6, endpoints: {op: [compute: exp(2ms), call: mid.op, sleep: 3ms]}}
  mid: {workers: 4, cpus: 2, endpoints: {op: [compute: exp(8ms), call: db.get]}}
databases: {db: {connections: 2, operations: {get: exp(6ms)}}}
)"},
                            {"replicated", R"(
workloads: {load: {constant_vus: 20, think_time: exp(100ms), calls: front.op}}
services:
  front: {workers: 3, replicas: 2, endpoints: {op: [compute: 10ms, call: back.op]}}
  back: {workers: 2, endpoints: {op: [compute: exp(12ms)]}}
)"}};

// The mean of a run of 5 x 400 s is known to about half a per cent; what theory may be off is 3 per cent.
TEST(HeldPools, ArePredictedToThreePerCent) {
  for (const Pools& pools : kPools) {
    const Results run = run_text(
        fmt::format("run: {{duration: 440s, warmup: 40s, replications: 5, seed: 1}}{}", pools.scenario), 2);
    const analysis::Prediction theory = analysis::predict(*run.model->topology);
    const analysis::WorkloadPrediction& load = theory.workloads[0];
    EXPECT_FALSE(load.response_mean_s.exact);
    const analysis::ClassReport& measured = workload(run.report, "load");
    const double x = measured.throughput.estimate, r = measured.duration.mean.estimate;
    fmt::print("{}: throughput {:.2f} for {:.2f} /s, response {:.2f} for {:.2f} ms\n", pools.name,
               load.throughput_per_s.value, x, load.response_mean_s.value * 1e3, r * 1e3);
    EXPECT_NEAR(load.throughput_per_s.value, x, 0.03 * x) << pools.name;
    EXPECT_NEAR(load.response_mean_s.value, r, 0.03 * r) << pools.name;
    for (std::size_t i = 0; i < theory.stations.size(); ++i) {
      const double u = run.report.stations[i].utilization.estimate;
      EXPECT_NEAR(theory.stations[i].utilization.value, u, 0.03 * u) << theory.stations[i].name;
    }
  }
}

constexpr Pools kOpen[] = {{"one", R"(
workloads: {load: {constant_arrival_rate: 70/s, calls: front.op}}
services:
  front: {workers: 4, endpoints: {op: [compute: exp(2ms), call: back.op]}}
  back: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}
)"},
                           {"nested", R"(
workloads: {load: {constant_arrival_rate: 150/s, calls: front.op}}
services:
  front: {workers: 30, endpoints: {op: [compute: exp(40ms), call: mid.op]}}
  mid: {workers: 5, cpus: 2, endpoints: {op: [compute: exp(4ms), call: db.get]}}
databases: {db: {connections: 2, operations: {get: exp(10ms)}}}
)"},
                           {"even", R"(
workloads: {load: {constant_arrival_rate: 70/s, calls: front.op}}
services:
  front: {workers: 6, endpoints: {op: [compute: 20ms, call: back.op]}}
  back: {workers: 1, endpoints: {op: [compute: 'lognormal(mean=10ms, sd=5ms)']}}
)"},
                           {
  "replicated", R"(
workloads: {load: {constant_arrival_rate: 300/s, calls: front.op}}
services:
  front: {replicas: 2, load_balancer: random, workers: 4, endpoints: {op: [compute: exp(1.6ms), call: mid.op]}}
  mid: {workers: 6, endpoints: {op: [compute: exp(0.8ms), call: db.op]}}
  db: {workers: 5, endpoints: {op: [compute: exp(13ms)]}}
)"
}
};

// As queues of their own, open ones, the pools of "replicated" would need 1.2 times their workers.
TEST(HeldPools, OfOpenLoadArePredictedToTenPerCent) {
  for (const Pools& pools : kOpen) {
    const Results run = run_text(
        fmt::format("run: {{duration: 640s, warmup: 40s, replications: 6, seed: 1}}{}", pools.scenario), 2);
    const analysis::Prediction theory = analysis::predict(*run.model->topology);
    const analysis::WorkloadPrediction& load = theory.workloads[0];
    EXPECT_FALSE(load.response_mean_s.exact);
    const double r = workload(run.report, "load").duration.mean.estimate;
    fmt::print("{}: response {:.2f} for {:.2f} ms\n", pools.name, load.response_mean_s.value * 1e3, r * 1e3);
    EXPECT_NEAR(load.response_mean_s.value, r, 0.1 * r) << pools.name;
    for (std::size_t i = 0; i < theory.stations.size(); ++i) {
      const double u = run.report.stations[i].utilization.estimate;
      EXPECT_NEAR(theory.stations[i].utilization.value, u, 0.05 * u)
          << pools.name << ' ' << theory.stations[i].name;
    }
  }
}

}  // namespace
}  // namespace tailrace::tests
