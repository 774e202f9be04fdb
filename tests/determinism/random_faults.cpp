#include "tests/determinism/random_faults.hpp"

#include <fmt/format.h>

namespace tailrace::tests {

std::string random_faults(std::uint64_t seed, bool end, int partitions) {
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL + 77;
  const auto below = [&](int n) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((state >> 33) % static_cast<std::uint64_t>(n));
  };
  const auto instance_fault = [&]() -> std::string {
    switch (below(end ? 8 : 9)) {
      case 0:
      case 1:
        return "type: pod_failure";
      case 2:
        return "type: pause";
      case 3:
        return fmt::format("type: delay, factor: {}, latency: exp({}ms), probability: 30%", 1 + below(4),
                           1 + below(20));
      case 4:
        return "type: gray, error_rate: 30%, factor: 2";
      case 5:
        return fmt::format("type: abort, percentage: {}%", 10 + below(90));
      case 6:
        return "type: connection_refused, percentage: 50%";
      case 7:
        return fmt::format("type: memory_stress, factor: 2, oom_after: {}ms, restart_time: 200ms",
                           10 + below(300));
      default:
        return "type: blackhole, percentage: 5%";
    }
  };
  const auto network_fault = [&]() -> std::string {
    switch (below(4)) {
      case 0:
        return "type: partition";
      case 1:
        return fmt::format("type: latency, latency: exp({}ms), direction: both", 1 + below(30));
      case 2:
        return fmt::format("type: loss, loss: {}%", below(60));
      default:
        return fmt::format("type: bandwidth, bandwidth: {}Mbit/s", 1 + below(50));
    }
  };
  std::string out = "faults:\n";
  const int n = 1 + below(5);
  for (int i = 0; i < n; ++i) {
    const int sort = below(10);
    std::string fault = sort < 7   ? instance_fault()
                        : sort < 9 ? network_fault()
                                   : "type: load_spike, factor: 2";
    static const char* kModes[] = {"", ", mode: one", ", mode: fixed_percent, value: 50",
                                   ", mode: random_max_percent, value: 80"};
    std::string when;
    if (!end && below(3) == 0) {
      when = fmt::format(", mtbf: exp({}ms), mttr: exp({}ms)", 200 + below(2000), 50 + below(500));
      if (below(2) == 0) when = ", targets: [\"*\"]" + when;
    } else {
      const int lasts = 10 + below(600);
      when = fmt::format(", start: {}ms, duration: {}ms{}", below(2000), lasts, kModes[below(4)]);
      if (below(2) == 0)
        when += fmt::format(", repeat: {{every: {}ms, times: {}}}", lasts + below(500), 1 + below(6));
    }
    if (when.find("targets") == std::string::npos) when += ", target: \"*\"";
    out += fmt::format("  - {{{}{}}}\n", fault, when);
  }
  if (partitions == 0) return out;
  const std::string which[] = {fmt::format("partition orders#{}", below(partitions)), "partition orders",
                               "partition orders, mode: one",
                               fmt::format("partition orders, mode: fixed, value: {}", 1 + below(partitions)),
                               "partition orders, mode: fixed_percent, value: 50"};
  for (int i = 1 + below(3); i > 0; --i) {
    const int lasts = 10 + below(600);
    out += fmt::format(
        "  - {{{}, target: {}, start: {}ms, duration: {}ms, repeat: {{every: {}ms, times: {}}}}}\n",
        below(3) == 0 ? fmt::format("type: gray, factor: {}", 2 + below(20)) : instance_fault(),
        which[below(5)], below(2000), lasts, lasts + below(500), 1 + below(4));
  }
  return out;
}

}  // namespace tailrace::tests
