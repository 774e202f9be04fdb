#include "models/policies/priority_shedding/priority_shedding.hpp"

#include <algorithm>

namespace tailrace::models {

void LevelHistogram::count(int level) {
  std::unique_ptr<Row>& row = rows_[static_cast<std::size_t>(level / kUserLevels)];
  if (row == nullptr) row = std::make_unique<Row>();
  ++(*row)[static_cast<std::size_t>(level % kUserLevels)];
}

void LevelHistogram::clear() {
  for (std::unique_ptr<Row>& row : rows_) {
    if (row != nullptr) row->fill(0);
  }
}

int LevelHistogram::fall(int cursor, double admitted, double wanted) const {
  while (cursor >= 0 && admitted > wanted) {
    const Row* row = rows_[static_cast<std::size_t>(cursor / kUserLevels)].get();
    if (row == nullptr) {
      cursor = cursor / kUserLevels * kUserLevels - 1;
    } else {
      admitted -= (*row)[static_cast<std::size_t>(cursor % kUserLevels)];
      --cursor;
    }
  }
  return cursor;
}

int LevelHistogram::rise(int cursor, double admitted, double wanted) const {
  while (cursor < kLevels - 1 && admitted < wanted) {
    ++cursor;
    const Row* row = rows_[static_cast<std::size_t>(cursor / kUserLevels)].get();
    if (row == nullptr) {
      cursor += kUserLevels - 1 - cursor % kUserLevels;
    } else {
      admitted += (*row)[static_cast<std::size_t>(cursor % kUserLevels)];
    }
  }
  return cursor;
}

void LevelHistogram::remember(const LevelHistogram& now, int cursor) {
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    if (now.rows_[r] == nullptr) {
      if (rows_[r] == nullptr) continue;
    } else if (rows_[r] == nullptr) {
      rows_[r] = std::make_unique<Row>();
    }
    for (std::size_t u = 0; u < kUserLevels; ++u) {
      std::uint32_t& kept = (*rows_[r])[u];
      const std::uint32_t came = now.rows_[r] == nullptr ? 0 : (*now.rows_[r])[u];
      const bool open = static_cast<int>(r) * kUserLevels + static_cast<int>(u) <= cursor;
      kept = open ? came : std::max(kept, came);
    }
  }
}

std::uint64_t LevelHistogram::up_to(int cursor) const {
  std::uint64_t sum = 0;
  for (int level = 0; level <= cursor; ++level) {
    const Row* row = rows_[static_cast<std::size_t>(level / kUserLevels)].get();
    if (row == nullptr) {
      level += kUserLevels - 1;  // level is a row's first here
    } else {
      sum += (*row)[static_cast<std::size_t>(level % kUserLevels)];
    }
  }
  return sum;
}

int user_level(std::uint64_t key, sim::Instant now, sim::Duration rotation) {
  const auto turn = static_cast<std::uint64_t>(now.ns / rotation.ns);
  sim::SplitMix64 mixed{key ^ sim::SplitMix64{turn}.next()};
  return static_cast<int>(mixed.next() % LevelHistogram::kUserLevels);
}

int compound_level(const CallFacts& facts, sim::Duration rotation, sim::Stream& random) {
  const int user = facts.key != 0 ? user_level(facts.key, facts.now, rotation)
                                  : static_cast<int>(random.below(LevelHistogram::kUserLevels));
  return (255 - facts.priority) * LevelHistogram::kUserLevels + user;
}

namespace {

class PriorityShedding final : public AdmissionPolicy, public TellsLevel {
 public:
  explicit PriorityShedding(const PrioritySheddingSpec& spec) : spec_(spec) {}

  Admission admit(const CallFacts& facts, sim::Stream& random) override {
    advance(facts.now);
    const int level = compound_level(facts, spec_.user_rotation, random);
    const bool admitted = level <= cursor_;
    arrivals_.count(level);
    ++arrived_;
    if (admitted) ++admitted_;
    if (arrived_ >= spec_.window_requests) close(facts.now);
    return admitted ? Admission::yes() : Admission::no(Outcome::shed);
  }
  void served(const CallFacts& facts) override {
    advance(facts.now);
    ++served_;
    waited_ += static_cast<double>(facts.waited.ns);
  }
  double gauge() const override { return fraction_; }
  int level(sim::Instant now) override {
    advance(now);
    told_ = true;
    return cursor_;
  }

 private:
  void advance(sim::Instant now) {
    const std::int64_t past = now.ns - window_start_.ns;
    if (past < spec_.window.ns) return;
    close({window_start_.ns + spec_.window.ns});
    window_start_.ns += (past - spec_.window.ns) / spec_.window.ns * spec_.window.ns;  // idle ones
  }

  void close(sim::Instant at) {
    if (told_ && arrived_ > 0) remembered_.remember(arrivals_, cursor_);
    if (arrived_ > 0 && !(admitted_ > 0 && served_ == 0)) {
      const bool overloaded = served_ > 0 && waited_ > static_cast<double>(spec_.queuing_threshold.ns) *
                                                           static_cast<double>(served_);
      const double admitted = static_cast<double>(admitted_);
      if (overloaded) {
        cursor_ = arrivals_.fall(cursor_, admitted, admitted * (1 - spec_.alpha.value));
      } else {
        const LevelHistogram& seen = told_ ? remembered_ : arrivals_;
        const double all = told_ ? static_cast<double>(remembered_.up_to(LevelHistogram::kLevels - 1))
                                 : static_cast<double>(arrived_);
        cursor_ = seen.rise(cursor_, admitted, admitted + all * spec_.beta.value);
      }
    }
    if (arrived_ > 0) {
      fraction_ = static_cast<double>(arrivals_.up_to(cursor_)) / static_cast<double>(arrived_);
      arrivals_.clear();
    }
    arrived_ = admitted_ = served_ = 0;
    waited_ = 0;
    window_start_ = at;
  }

  const PrioritySheddingSpec& spec_;          // of the model, which outlives its states
  int cursor_ = LevelHistogram::kLevels - 1;  // the last level that is admitted; -1: none
  sim::Instant window_start_{0};
  LevelHistogram arrivals_, remembered_;
  bool told_ = false;  // somebody wanted to know the level
  std::int64_t arrived_ = 0, admitted_ = 0, served_ = 0;
  double waited_ = 0;  // ns, sum over the served; whole numbers, exact up to 104 days
  double fraction_ = 1;
};

void apply(const void* written, PolicyTarget& target) {
  const auto& spec = *static_cast<const PrioritySheddingSpec*>(written);
  target.admission("priority_shedding", std::make_shared<PrioritySheddingModel>(spec), Scope::service,
                   spec.shared);
}

FieldTable priority_shedding_fields() {
  using Spec = PrioritySheddingSpec;
  return Fields<Spec>("priority_shedding", "Sheds the least important requests while the queue is long.")
      .add("queuing_threshold", &Spec::queuing_threshold,
           "a window whose requests waited longer than this on average is overloaded", more_than(0))
      .add("window", &Spec::window, "the level is set anew after this long ...", between(1e6, 3600e9))
      .add("window_requests", &Spec::window_requests, "... or after this many requests", between(1, 1e9))
      .add("alpha", &Spec::alpha, "share of the admitted that is given up when overloaded", Range{0, 1, true})
      .add("beta", &Spec::beta, "share of the arrivals by which the admitted grow otherwise",
           Range{0, 1, true})
      .add("user_rotation", &Spec::user_rotation, "users change their levels this often", more_than(0))
      .add("shared", &Spec::shared, "one level for all instances of the service; otherwise each has its own")
      .table();
}

}  // namespace

std::unique_ptr<AdmissionPolicy> PrioritySheddingModel::start() const {
  return std::make_unique<PriorityShedding>(spec_);
}

PolicyInfo priority_shedding_policy() {
  PolicyInfo info;
  info.name = "priority_shedding";
  info.seam = "admission";
  info.places = {PolicyPlace::inbound};
  info.about = "Sheds the least important requests, by priority and user, while the queue is long.";
  info.fields = priority_shedding_fields();
  info.example = "{queuing_threshold: 20ms}";
  info.make = make_spec<PrioritySheddingSpec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
