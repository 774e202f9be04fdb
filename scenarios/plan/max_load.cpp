#include "scenarios/plan/max_load.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/prediction/predict.hpp"
#include "models/field/number_text.hpp"
#include "scenarios/format/rounded.hpp"

namespace tailrace::scenarios {

namespace {

using models::ArrivalProcess;
using models::Node;

constexpr int kKneePoints = 100;

// Four digits are finer than any resolution, and a rate is something that people read.
double readable(double rate) {
  return rounded(rate, 4);
}

// Where the scenario says the rates of a workload, and what it says.
struct Rates {
  std::vector<std::string> paths;
  std::vector<double> per_s;
  double nominal = 0;  // the greatest

  void add(std::string path, double rate) {
    paths.push_back(std::move(path));
    per_s.push_back(rate);
    nominal = std::max(nominal, rate);
  }
  std::vector<std::string> at(double rate) const {
    std::vector<std::string> values;
    for (const double r : per_s)
      values.push_back(fmt::format("{}/s", r == nominal ? rate : rate * (r / nominal)));
    return values;
  }
};

// "" or why it has no rate that could be raised.
std::string find_rates(const models::ScenarioDoc& doc, const models::Workload& w, Rates& rates) {
  const std::string path = models::child_path("workloads", w.name);
  const Node* all = doc.root.find("workloads");
  const Node* node = all == nullptr ? nullptr : all->find(w.name);
  const auto section = [&](const char* name) { return node == nullptr ? nullptr : node->find(name); };
  switch (w.process) {
    case ArrivalProcess::constant_rate: {
      const Node* rate = section("constant_arrival_rate");
      const bool is_short = rate == nullptr || !rate->is_map();
      rates.add(path + ".constant_arrival_rate" + (is_short ? "" : ".rate"), w.rate_per_s);
      break;
    }
    case ArrivalProcess::sinusoidal_rate:
      rates.add(path + ".sinusoidal_arrival_rate.base", w.rate_per_s);
      rates.add(path + ".sinusoidal_arrival_rate.amplitude", w.amplitude_per_s);
      break;
    case ArrivalProcess::ramping_rate:
      rates.add(path + ".ramping_arrival_rate.start_rate", w.rate_per_s);
      for (std::size_t i = 0; i < w.stages.size(); ++i)
        rates.add(models::item_path(path + ".ramping_arrival_rate.stages", i) + ".target",
                  w.stages[i].target);
      break;
    case ArrivalProcess::mmpp:
      for (std::size_t i = 0; i < w.states.size(); ++i)
        rates.add(models::item_path(path + ".mmpp.states", i) + ".rate", w.states[i].rate_per_s);
      break;
    case ArrivalProcess::trace:
      return fmt::format("{} replays recorded times, which have no rate to raise", models::shown(w.name));
    case ArrivalProcess::constant_vus:
    case ArrivalProcess::ramping_vus:
      return fmt::format("{} is a closed workload of virtual users; --max-load is for arrival rates",
                         models::shown(w.name));
  }
  if (!(rates.nominal > 0)) return fmt::format("{} has the rate 0", models::shown(w.name));
  return "";
}

class Search {
 public:
  Search(const SweepScenario& scenario, double resolution, const PlanOptions& options, MaxLoad& out)
      : scenario_(scenario), resolution_(resolution), judge_(scenario, options), out_(out) {}

  void run() {
    std::string fault;
    const auto topology = build_point(scenario_, {}, {}, "plan", fault);
    if (!topology) return refuse(fault, true);
    std::string names;
    const models::Workload* workload = nullptr;
    for (const models::Workload& w : topology->workloads) {
      if (w.name == out_.workload) workload = &w;
      names += (names.empty() ? "" : ", ") + w.name;
    }
    if (workload == nullptr)
      return refuse(fmt::format("there is no workload {}; there are {}", models::shown(out_.workload), names),
                    false);
    if (fault = find_rates(scenario_.doc, *workload, rates_); !fault.empty()) return refuse(fault, false);
    workload_ = static_cast<std::size_t>(workload - topology->workloads.data());
    out_.present_per_s = rates_.nominal;
    ask_theory();
    bracket();
    if (lo_) {
      narrow();
      out_.meets = at(*lo_);
    }
    if (bad_) out_.fails = at(*bad_);
    out_.untold_between = top_ && bad_ && *top_ < *bad_;
  }

 private:
  void refuse(std::string fault, bool wrong) {
    out_.fault = std::move(fault);
    out_.wrong = wrong;
  }
  bool ended() const { return out_.interrupted || !out_.fault.empty(); }

  // --- theory

  std::optional<analysis::Prediction> predict(double rate) const {
    std::string fault;
    const auto topology = build_point(scenario_, rates_.paths, rates_.at(rate), "plan", fault);
    if (!topology) return std::nullopt;
    return analysis::predict(*topology);
  }
  bool stable(double rate) const {
    const auto p = predict(rate);
    return p && p->message.empty() && p->stable;
  }

  void ask_theory() {
    double low = 0, high = rates_.nominal;
    while (stable(high) && high < rates_.nominal * 1e6) {
      low = high;
      high *= 2;
    }
    if (high >= rates_.nominal * 1e6) {
      out_.knee_reason = "nothing saturates in theory";
      return;
    }
    const double least = rates_.nominal * 1e-6;
    if (!stable(least)) {
      const auto p = predict(least);
      out_.knee_reason = p && !p->message.empty() ? p->message : "theory sees an overload at any rate";
      return;
    }
    for (int i = 0; i < 30 && high - low > 1e-6 * high; ++i) {
      const double middle = low + (high - low) / 2;
      (stable(middle) ? low : high) = middle;
    }
    out_.saturation_per_s = high;
    if (const auto p = predict(low); p && p->bottleneck >= 0)
      out_.saturates = p->stations[static_cast<std::size_t>(p->bottleneck)].name;
    double best = 0;
    for (int i = 1; i < kKneePoints; ++i) {
      const double rate = high * i / kKneePoints;
      const auto p = predict(rate);
      if (!p || !p->stable) break;
      const analysis::Figure& response = p->workloads[workload_].response_mean_s;
      if (!response.known) {
        out_.knee_per_s.reset();
        out_.knee_reason = response.reason.empty() ? "theory has no response time" : response.reason;
        return;
      }
      if (response.value > 0 && rate / response.value > best) {
        best = rate / response.value;
        out_.knee_per_s = rate;
      }
    }
  }

  // --- search

  const RateJudgement& at(double rate) const {
    return *std::find_if(out_.tried.begin(), out_.tried.end(),
                         [&](const RateJudgement& r) { return r.rate_per_s == rate; });
  }

  Meets ask(double rate) {
    Judgement j = judge_.judge(rates_.paths, rates_.at(rate), false);
    if (j.interrupted) {
      out_.interrupted = true;
      return Meets::untold;
    }
    if (j.wrong || j.broken) {
      refuse(j.reason, j.wrong);
      out_.broken = j.broken;
      return Meets::no;
    }
    const Meets meets = j.meets;
    out_.tried.push_back({rate, std::move(j)});
    if (meets == Meets::yes) {
      lo_ = std::max(lo_.value_or(rate), rate);
    } else {
      top_ = std::min(top_.value_or(rate), rate);
      if (meets == Meets::no) bad_ = std::min(bad_.value_or(rate), rate);
    }
    return meets;
  }

  // Some rate that meets the thresholds and some higher one that does not, if there are.
  void bracket() {
    const double present = rates_.nominal;
    const double saturation = out_.saturation_per_s.value_or(0);
    ask(present);
    if (ended()) return;
    if (lo_) {
      const double farthest = kFarthest * std::max(present, saturation);
      double next = readable(saturation > present ? saturation : 2 * present);
      while (!ended() && !top_ && next <= farthest) {
        if (next > *lo_) ask(next);
        next = readable(next * 1.5);
      }
    } else {
      double next = readable(saturation > 0 && saturation < present ? 0.75 * saturation : present / 2);
      while (!ended() && !lo_ && next >= present / kNearest) {
        ask(next);
        next = readable(next / 2);
      }
    }
  }

  bool wide(double low, double high) const { return high - low > resolution_ * high; }

  // Untold rates count as not met when the lower end is sought, and as not failed when the upper end is.
  void narrow() {
    if (!top_) return;
    while (!ended() && wide(*lo_, *top_)) {
      const double middle = readable(*lo_ + (*top_ - *lo_) / 2);
      if (!(middle > *lo_ && middle < *top_)) break;
      ask(middle);
    }
    double untold = *top_;
    double step = 1.02;
    while (!ended() && !bad_ && step < 2) {
      const double next = readable(*top_ * step);
      if (ask(next) != Meets::no) untold = next;
      step = 1 + (step - 1) * 2;
    }
    while (!ended() && bad_ && untold < *bad_ && wide(untold, *bad_)) {
      const double middle = readable(untold + (*bad_ - untold) / 2);
      if (!(middle > untold && middle < *bad_)) break;
      if (ask(middle) != Meets::no) untold = middle;
    }
    // A rate above one that was not met is no answer, whatever was seen there.
    if (*lo_ > *top_) {
      for (const RateJudgement& r : out_.tried) {
        if (r.judgement.meets == Meets::yes && r.rate_per_s < *top_ && (*lo_ > *top_ || r.rate_per_s > *lo_))
          lo_ = r.rate_per_s;
      }
    }
  }

  const SweepScenario& scenario_;
  double resolution_;
  Judge judge_;
  MaxLoad& out_;
  Rates rates_;
  std::size_t workload_ = 0;
  // Highest that meets; lowest that does not, and lowest that fails.
  std::optional<double> lo_, top_, bad_;
};

}  // namespace

std::optional<double> MaxLoad::headroom() const {
  if (!meets || !(present_per_s > 0)) return std::nullopt;
  return meets->rate_per_s / present_per_s;
}

MaxLoad find_max_load(const SweepScenario& scenario, const std::string& workload, double resolution,
                      const PlanOptions& options) {
  MaxLoad out;
  out.workload = workload;
  Search(scenario, resolution, options, out).run();
  return out;
}

}  // namespace tailrace::scenarios
