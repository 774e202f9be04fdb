// Users in a loop through pools that hold their workers while others work (held_pools.hpp).
#include <algorithm>
#include <cmath>

#include "analysis/prediction/held_pools.hpp"
#include "analysis/prediction/predictor.hpp"

namespace tailrace::analysis::detail {

bool Predictor::links_wait() const {
  return std::any_of(t_.links.begin(), t_.links.end(),
                     [](const models::Link& l) { return l.bandwidth_bit_per_s > 0; });
}

bool Predictor::solve_nested() {
  // Waits for links are known of open load only.
  if (closed_.size() != 1 || open_total_ > 0 || forked() || layers_.op_cycle || layers_.station_cycle ||
      links_wait())
    return false;
  ClosedLoad& load = closed_.front();
  HeldPools held(layers_, load.op_visits, load.population);
  if (held.shared()) return false;

  const bool exact_before = closed_exact_;
  const std::string reason_before = closed_reason_;
  const auto doubts_back = [&] {
    closed_exact_ = exact_before;
    closed_reason_ = reason_before;
    return false;
  };
  const std::vector<Queue> queues = closed_queues(std::vector<double>(t_.operations.size(), 0.0), held.cut());
  std::vector<HeldPools::Queue> list;
  for (const Queue& q : queues) list.push_back({q.station, q.model, q.visits[0], q.lone_s, 0});
  held.place(std::move(list));
  double work = 0;
  for (std::size_t p = 0; p < held.pools.size(); ++p) work += held.work(p);
  if (work > HeldPools::kMostWork) return doubts_back();
  for (const std::size_t p : held.outside_pools) {
    const std::vector<std::size_t> all = held.within(p);
    if (!std::all_of(all.rbegin(), all.rend(), [&](std::size_t inner) { return held.solve(inner); }))
      return doubts_back();
  }
  bool solved = false;
  const ClosedWorkloadResult all =
      held.solve_outside(load.population, load.think_s, spent_per_request(load), solved);
  if (!solved) return doubts_back();
  load.throughput = all.throughput_per_s;
  load.response = std::max(0.0, load.population / load.throughput - load.think_s);
  closed_exact_ = false;
  closed_reason_ = reason_before.empty()
                       ? "workers are held across calls: each pool counts as one station of the same flow"
                       : reason_before;
  std::vector<double> responses;
  for (const HeldPools::Queue& q : held.queues)
    responses.push_back(q.visits > 0 ? q.number / (load.throughput * q.visits) : 0);
  give_waits(queues, responses);
  for (const HeldPools::Pool& p : held.pools) {
    const double rate = load.throughput * p.visits;
    const double wait = std::max(0.0, p.present - p.served) / rate;
    for (GroupState& g : layers_.stations[p.station].groups) {
      if (!(g.share > 0)) continue;
      g.set_wait({wait, wait * wait, Moments::Law::other, false});
      g.service_s = p.served / rate;
    }
  }
  layers_.evaluate_given();
  return true;
}

}  // namespace tailrace::analysis::detail
