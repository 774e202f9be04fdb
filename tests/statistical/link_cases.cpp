// Messages on one link: queueing for its bandwidth, loss and retransmission. The way back takes no time, so a
// request lasts as long as its message is under way.
#include <fmt/format.h>

#include <algorithm>

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
// Expected time until the last window is sent without a loss. A window of w packets sends the first w of what
// is left; without a loss the next is twice as large, a round trip later; what is lost is left, and the next
// window is the first again, a timeout later.
double windows_mean(int packets, int first, double p, double round_trip_s, double timeout_s) {
  std::vector<double> from_first(static_cast<std::size_t>(packets) + 1, 0.0);  // by packets left
  for (int left = 1; left <= packets; ++left) {
    double before = 0, all_so_far = 1, all_lost = 0;  // of the windows before; P(no loss until now)
    double mean = 0;
    for (int at = left, window = first; at > 0; at -= window, window *= 2) {
      const int sent = std::min(window, at);
      double none = 1, way = 1;  // way: C(sent, k) p^k (1-p)^(sent-k)
      for (int i = 0; i < sent; ++i) none *= 1 - p;
      way = none;
      for (int k = 1; k <= sent; ++k) {
        way *= p / (1 - p) * (sent - k + 1) / k;
        const int rest = at - sent + k;
        if (rest == left) {
          all_lost += all_so_far * way;
          mean += all_so_far * way * (before + timeout_s);
        } else {
          mean += all_so_far * way * (before + timeout_s + from_first[static_cast<std::size_t>(rest)]);
        }
      }
      all_so_far *= none;
      if (at == sent) mean += all_so_far * before;
      before += round_trip_s;
    }
    from_first[static_cast<std::size_t>(left)] = mean / (1 - all_lost);
  }
  return from_first.back();
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

  // All ten in the first window: the same.
  c.id = "link-packets-in-one-window";
  c.scenario = one_link(c.id, 50,
                        "latency: 0s, loss: 2%, packet_size: 1000B, retransmit_timeout: 100ms, "
                        "initial_window: 10",
                        "10000B")
                   .scenario;
  cases.push_back(c);

  // Twelve packets in windows from 2, each lost with 10 %: the sum over all ways, window by window.
  c = one_link("link-windows", 20,
               "latency: 10ms, loss: 10%, packet_size: 1000B, retransmit_timeout: 100ms, initial_window: 2",
               "12000B");
  c.source = "Markov chain of (packets left, window)";
  c.requests = 5e5;
  c.expectations = {near("delivery_mean", response_mean(), 0.01 + windows_mean(12, 2, 0.1, 0.01, 0.1), 0.01),
                    near("packets_sent", transmissions, 12 / 0.9, 0.01)};
  cases.push_back(c);

  // Equal parts for all, 10 ms alone: M/G/1 with a shared processor, S / (1 - rho), where one after another
  // would be 10 + 11.7 ms.
  c = one_link("link-fair", 70, "latency: 5ms, bandwidth: 10Mbit/s, sharing: fair", "12500B");
  c.source = "M/G/1-PS and propagation";
  c.warmup_s = 20;
  c.expectations = {
      near("delivery_mean", response_mean(), 0.01 / 0.3 + 0.005, 0.02),
      near("link_utilization", of_link([](const auto& l) { return l.utilization.estimate; }), 0.7, 0.02)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
