// A policy outside the tree, at the door of a service: of every n requests one is turned away, as in a fire
// drill. A policy is a small state machine that is told what happens and answers; a model makes one for each
// holder.
#include <fmt/format.h>

#include "analysis/report/run_report.hpp"
#include "models/catalog.hpp"
#include "scenarios/run/load.hpp"
#include "scenarios/run/replicate.hpp"

using namespace tailrace;
using namespace tailrace::models;

namespace {

struct DrillSpec {
  Count every = 10;
};

class Drill final : public AdmissionPolicy {
 public:
  explicit Drill(const DrillSpec& spec) : every_(spec.every) {}
  Admission admit(const CallFacts&, sim::Stream&) override {
    return ++seen_ % every_ == 0 ? Admission::no(Outcome::rejected) : Admission::yes();
  }

 private:
  std::int64_t every_, seen_ = 0;
};

class DrillModel final : public AdmissionModel {
 public:
  explicit DrillModel(const DrillSpec& spec) : spec_(spec) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<Drill>(spec_); }

 private:
  DrillSpec spec_;
};

void apply(const void* raw, PolicyTarget& target) {
  const DrillSpec& spec = *static_cast<const DrillSpec*>(raw);
  target.admission("drill", std::make_shared<const DrillModel>(spec), Scope::service, true);
}

PolicyInfo drill_policy() {
  PolicyInfo info;
  info.name = "drill";
  info.seam = "admission";
  info.places = {PolicyPlace::inbound};
  info.about = "Turns one of every n requests away.";
  info.fields = Fields<DrillSpec>("drill", info.about)
                    .add("every", &DrillSpec::every, "n", between(1, 1e9))
                    .shorthand("every")
                    .table();
  info.example = "20";
  info.make = make_spec<DrillSpec>;
  info.apply = apply;
  return info;
}

constexpr const char* kScenario = R"(tailrace: 1
run: {duration: 100s, replications: 4}
workloads:
  plain:   {constant_arrival_rate: 100/s, calls: shop.get}
  careful: {constant_arrival_rate: 100/s, calls: shop.get, retries: {attempts: 2, backoff: {base_interval: 10ms}}}
services: {shop: {inbound: {drill: 20}, endpoints: {get: [compute: 1ms]}}}
)";

}  // namespace

int main() {
  add_policy(drill_policy());
  const auto model = scenarios::load_text(kScenario);
  const auto report = analysis::build_run_report(*model, scenarios::replicate(model, {}).records);
  for (const analysis::ClassReport& workload : report.workloads) {
    fmt::print("{:8} failed {:.2f} %\n", workload.workload, 100 * workload.failed.estimate);
  }
  const analysis::OperationReport& get = report.operations[0];
  const auto refused = get.ended[static_cast<std::size_t>(Outcome::rejected)];
  fmt::print("{} of {} were turned away: {:.2f} %\n", refused, get.arrived,
             100.0 * static_cast<double>(refused) / static_cast<double>(get.arrived));
}
