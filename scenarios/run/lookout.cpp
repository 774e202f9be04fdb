#include "scenarios/run/lookout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "models/field/units.hpp"
#include "scenarios/run/threshold_items.hpp"
#include "sim/base/time.hpp"

namespace tailrace::scenarios {

namespace {

using models::Node;

std::int64_t nanoseconds(const Node* node, std::int64_t otherwise) {
  const models::Quantity q =
      node != nullptr && node->is_scalar() ? models::parse_duration_ns(node->text) : models::Quantity{};
  return q.value && *q.value < 9e18 ? static_cast<std::int64_t>(*q.value) : otherwise;
}

// The thresholds that are asked while a replication runs.
void for_each_rule(const models::ScenarioDoc& doc,
                   const std::function<void(const models::Threshold&, std::int64_t, std::int64_t)>& visit) {
  for_each_threshold(doc, [&](const std::string& metric, const Node& item) {
    const Node* condition = item.is_map() ? item.find("threshold") : nullptr;
    if (condition == nullptr || !aborts(item)) return;
    const std::int64_t every = nanoseconds(item.find("evaluate_every"), 0);
    if (every <= 0) return;
    visit({metric, condition->text, condition->mark}, nanoseconds(item.find("delay_abort_eval"), every),
          every);
  });
}

}  // namespace

// Looks one nanosecond after a window's end or a rule's instant: then it sees all of that instant.
class Lookout::Watch final : public models::RunWatch {
 public:
  Watch(const Lookout& lookout, std::int64_t warmup_ns)
      : lookout_(lookout),
        warmup_(warmup_ns),
        window_(models::window_length_ns(lookout.model_.topology->run)) {
    next_window_ = window_;
    for (const AbortRule& rule : lookout.rules_)
      due_.push_back(sim::saturating_add(warmup_ns, rule.delay_ns));
    now_.assign(lookout.slos_, 0);
    started_ = warmup_ns <= 0;
  }

  std::int64_t look(const models::Peek& peek) override {
    const std::int64_t seen = peek.now_ns() - 1;  // all up to this instant
    if (!started_ && seen >= warmup_) {
      started_ = true;  // statistics begin here
      std::fill(now_.begin(), now_.end(), std::uint64_t{0});
    }
    while (next_window_ <= seen) {
      close();
      next_window_ = sim::saturating_add(next_window_, window_);
    }
    for (std::size_t k = 0; k < due_.size(); ++k) {
      if (due_[k] > seen) continue;
      const AbortRule& rule = lookout_.rules_[k];
      if (const auto failed = rule.threshold.failed(lookout_.model_, peek)) {
        aborted = fmt::format("{} {} failed {:g} s into the run: {:.4g}", rule.threshold.metric(),
                              rule.threshold.expression(), sim::seconds_of(seen), *failed);
        return kStop;
      }
      while (due_[k] <= seen) due_[k] = sim::saturating_add(due_[k], rule.every_ns);
    }
    std::int64_t next = lookout_.counts_ ? next_window_ : std::numeric_limits<std::int64_t>::max() - 1;
    if (!started_) next = std::min(next, warmup_);
    for (const std::int64_t due : due_) next = std::min(next, due);
    return next + 1;
  }

  void succeeded(std::uint32_t workload, std::int64_t took_ns) override {
    for (const Limit& limit : lookout_.limits_[workload]) now_[limit.slo] += took_ns > limit.ns;
  }

  std::vector<std::vector<std::uint64_t>> take() {
    close();  // the last window, or its part
    return std::move(windows_);
  }

  std::string aborted;

 private:
  void close() {
    windows_.push_back(now_);
    std::fill(now_.begin(), now_.end(), std::uint64_t{0});
  }

  const Lookout& lookout_;
  std::int64_t warmup_, window_, next_window_ = 0;
  bool started_ = false;
  std::vector<std::int64_t> due_;  // by rule
  std::vector<std::uint64_t> now_;
  std::vector<std::vector<std::uint64_t>> windows_;
};

Lookout::Lookout(const models::CompiledModel& model, const models::ScenarioDoc& doc,
                 const std::vector<models::Named<models::SloSpec>>& slos)
    : model_(model), limits_(model.topology->workloads.size()), slos_(slos.size()) {
  for (std::size_t k = 0; k < slos.size(); ++k) {
    if (!slos[k].value.latency) continue;
    for (std::size_t w = 0; w < limits_.size(); ++w) {
      if (model.topology->workloads[w].name != slos[k].value.workload) continue;
      limits_[w].push_back({k, slos[k].value.latency->ns});
      counts_ = true;
    }
  }
  for_each_rule(doc, [&](const models::Threshold& threshold, std::int64_t delay, std::int64_t every) {
    std::string fault;
    auto live = analysis::LiveThreshold::make(*model.topology, threshold, fault);
    if (live) rules_.push_back({std::move(*live), delay, every});
  });
}

std::unique_ptr<models::RunWatch> Lookout::begin(std::uint32_t, std::int64_t warmup_ns) {
  return std::make_unique<Watch>(*this, warmup_ns);
}

void Lookout::end(models::RunWatch& given, models::RunRecord& record) {
  Watch& watch = static_cast<Watch&>(given);  // begin() makes no other
  const std::scoped_lock lock(mutex_);
  if (counts_) slow_[record.replication] = watch.take();
  if (watch.aborted.empty() || record.status != models::RunStatus::interrupted) return;
  record.message = "aborted: " + watch.aborted;
  aborted_[record.replication] = watch.aborted;
}

bool Lookout::cut(std::uint32_t replication) const {
  const std::scoped_lock lock(mutex_);
  return aborted_.count(replication) > 0;
}

std::string Lookout::aborted() const {
  const std::scoped_lock lock(mutex_);
  if (aborted_.empty()) return "";
  return fmt::format("{} (replication {})", aborted_.begin()->second, aborted_.begin()->first);
}

void check_abort_rules(const models::ScenarioDoc& doc, const models::Topology& topology,
                       models::Diagnostics& diagnostics) {
  for_each_rule(doc, [&](const models::Threshold& threshold, std::int64_t, std::int64_t) {
    std::string fault;
    if (analysis::LiveThreshold::make(topology, threshold, fault) || fault.empty()) return;
    diagnostics.error(threshold.mark, models::child_path("thresholds", threshold.metric), fault,
                      "without evaluate_every it is asked between replications");
  });
}

}  // namespace tailrace::scenarios
