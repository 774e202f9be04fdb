// Messages on one link: queueing for its bandwidth, loss and retransmission. The way back takes no time, so a
// request lasts as long as its message is under way.
#include <fmt/format.h>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Case one_link(const std::string& id, double rate, const std::string& link, const std::string& size) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, steps: [{{call: s.op, request_size: {}, "
      "response_size: 0B}}]}}}}\n"
      "services: {{s: {{endpoints: {{op: []}}}}}}\n"
      "network: {{links: {{\"load -> s\": {{{}}}, \"s -> load\": {{latency: 0s}}}}}}\n",
      rate, size, link);
  c.rate = rate;
  return c;
}

Metric of_link(double (*value)(const analysis::LinkReport&)) {
  return [value](const Observed& o) { return value(o.report.links.at(0)); };
}
double share(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<Case> link_cases() {
  std::vector<Case> cases;
  const Metric transmissions = of_link([](const auto& l) { return share(l.transmissions, l.messages); });
  const Metric delayed = of_link([](const auto& l) { return share(l.delayed, l.messages); });

  // 12500 bytes take 10 ms at 10 Mbit/s: M/D/1 with rho = 0.8, W = rho D / (2 (1-rho)) = 20 ms, plus 10 ms +
  // 5 ms.
  Case c = one_link("link-queue", 80, "latency: 5ms, bandwidth: 10Mbit/s", "12500B");
  c.source = "M/D/1 and propagation";
  c.warmup_s = 20;
  c.expectations = {
      near("delivery_mean", response_mean(), 0.035, 0.02),
      near("link_utilization", of_link([](const auto& l) { return l.utilization.estimate; }), 0.8, 0.02)};
  cases.push_back(c);

  // The number of losses is geometric: 1/(1-p) transmissions, and p/(1-p) timeouts of 200 ms on top of 10 ms.
  c = one_link("link-loss", 50, "latency: 10ms, loss: 1%, retransmit_timeout: 200ms", "1KB");
  c.source = "geometric number of losses";
  c.expectations = {near("delivery_mean", response_mean(), 0.01 + 0.2 * 0.01 / 0.99, 0.02),
                    near("transmissions", transmissions, 1 / 0.99, 0.02),
                    near("delayed_fraction", delayed, 0.01, 0.035)};
  cases.push_back(c);

  // Ten packets, each lost with 2 %, the lost ones sent again in rounds: E max of 10 geometrics = sum over k
  // >= 0 of 1 - (1 - p^k)^10 rounds. With no latency a request takes (rounds - 1) timeouts.
  double rounds = 0, p = 1;
  for (int k = 0; k < 40; ++k, p *= 0.02) {
    double all_done = 1;
    for (int i = 0; i < 10; ++i) all_done *= 1 - p;
    rounds += 1 - all_done;
  }
  double first = 1;
  for (int i = 0; i < 10; ++i) first *= 0.98;
  c = one_link("link-packets", 50, "latency: 0s, loss: 2%, packet_size: 1000B, retransmit_timeout: 100ms",
               "10000B");
  c.source = "maximum of ten geometrics";
  c.requests = 5e5;
  c.expectations = {
      near(
          "rounds", [](const Observed& o) { return response_mean()(o) / 0.1 + 1; }, rounds, 0.01),
      near(
          "first_round_fraction", [delayed](const Observed& o) { return 1 - delayed(o); }, first, 0.01),
      near("packets_sent", transmissions, 10 / 0.98, 0.01)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
