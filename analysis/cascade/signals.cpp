#include "analysis/cascade/signals.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <utility>

namespace tailrace::analysis {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kHardlyAny = 0.25;  // of those that came, in a window in which a workload stands still
constexpr double kEmpties = 0.99;  // of those inside, while nothing begins; equal ones may differ by rounding
// What matters at all: a twentieth of the requests, twice the time, three times the queue and one more.
constexpr Floor kShare{0.05, 0}, kTime{1e-3, 1.0}, kQueue{2, 2.0}, kRate{0.5, 1.0}, kLag{10, 2.0};

std::size_t at(int id) {
  return static_cast<std::size_t>(id);
}

// Requests that hang, by the window in which they came: those that came and did not end in it. In the
// baseline that is chance, which is what the signal is measured by. From then on they count where more are
// under way than is usual (twice as many as ever in the baseline, and two), there and a window later: a
// request takes its time, and of a few a second one is under way where a window happens to end. And only if
// among such windows there is one from which some have not ended a window later, as they would in the order
// in which they came, or in which hardly any did: otherwise all are slower, and that is another signal.
std::vector<double> hanging(const std::vector<double>& came, const std::vector<double>& went, Span normal) {
  const std::size_t n = came.size();
  std::vector<double> under_way(n), hang(n);
  double now = 0, usual = -std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < n; ++k) {
    under_way[k] = now += came[k] - went[k];
    if (k >= normal.first && k < normal.end) usual = std::max(usual, now);
  }
  const auto many = [&](std::size_t k) {
    return std::min(under_way[k], under_way[std::min(k + 1, n - 1)]) > 2 * usual + 2;
  };
  const auto stands = [&](std::size_t k) {
    return (k + 1 < n && under_way[k] > went[k + 1]) || went[k] < kHardlyAny * came[k];
  };
  const auto count = [&](std::size_t first, std::size_t end) {
    for (std::size_t k = first; k < end; ++k) hang[k] = std::max(0.0, came[k] - went[k]);
  };
  count(0, normal.end);
  for (std::size_t k = normal.end; k < n;) {
    const std::size_t first = k;
    bool some_stand = false;
    for (; k < n && many(k); ++k) some_stand = some_stand || stands(k);
    if (some_stand) count(first, k);
    if (k == first) ++k;
  }
  return hang;
}

}  // namespace

const char* symptom_name(Symptom symptom) {
  switch (symptom) {
    case Symptom::failed:
      return "failed";
    case Symptom::errors:
      return "errors";
    case Symptom::refused:
      return "refused";
    case Symptom::lag:
      return "lag";
    case Symptom::queue:
      return "queue";
    case Symptom::slow:
      return "slow";
  }
  return "";
}

bool calls_in_windows(const models::RunRecord& record, std::size_t calls) {
  return !record.windows.empty() && record.windows[0].edges.size() == calls;
}

bool is_watched(const models::Edge& edge) {
  return !edge.probe || edge.errand;
}

WindowTimes window_times(const models::RunRecord& record) {
  WindowTimes times;
  std::int64_t previous = 0;
  for (const models::WindowRecord& w : record.windows) {
    // Counts begin anew where the warm-up ends.
    const std::int64_t start =
        previous < record.start_ns && record.start_ns < w.end_ns ? record.start_ns : previous;
    times.start_s.push_back(sim::seconds_of(start));
    times.end_s.push_back(sim::seconds_of(w.end_ns));
    previous = w.end_ns;
  }
  return times;
}

std::vector<Signal> signals_of(const models::CompiledModel& model, const models::RunRecord& record,
                               Span normal) {
  const models::Topology& t = *model.topology;
  const std::size_t n = record.windows.size();
  const WindowTimes times = window_times(record);
  std::map<std::pair<int, Symptom>, Signal> found;
  const auto signal = [&](int component, Symptom symptom, Floor floor) -> Signal& {
    Signal& s = found[{component, symptom}];
    if (s.values.empty()) s = {component, symptom, floor, std::vector<double>(n, kNothing)};
    return s;
  };
  // Who hangs by chance are many where requests take longer than a window. What fails need not stand out from
  // that: where requests are known to end it is a signal of its own.
  std::vector<Signal> failures;
  std::size_t first = 0;  // class
  for (const models::Workload& w : t.workloads) {
    Signal& failed = signal(w.component, Symptom::failed, kShare);
    Signal& slow = signal(w.component, Symptom::slow, kTime);
    std::vector<double> arrived(n), ended(n), succeeded(n);
    for (std::size_t k = 0; k < n; ++k) {
      double seconds = 0, timed = 0;
      for (std::size_t c = first; c < first + w.classes.size(); ++c) {
        const auto& row = record.windows[k].classes[c];
        arrived[k] += static_cast<double>(row.arrived);
        ended[k] += static_cast<double>(row.succeeded + row.failed);
        succeeded[k] += static_cast<double>(row.succeeded);
        const models::WindowRecord::ClassTimes* const took = record.windows[k].times_of_class(c);
        if (took == nullptr) continue;
        timed += static_cast<double>(row.succeeded);
        seconds += took->mean_s * static_cast<double>(row.succeeded);
      }
      if (timed > 0) slow.values[k] = seconds / timed;
    }
    // A request that ends late counts where it ends; one that hangs where it arrived.
    const std::vector<double> hang = hanging(arrived, ended, normal);
    Signal failures_alone{w.component, Symptom::failed, kShare, std::vector<double>(n, kNothing)};
    for (std::size_t k = 0; k < n; ++k) {
      const double due = ended[k] + hang[k];
      if (due > 0) failed.values[k] = 1 - succeeded[k] / due;
      if (ended[k] > 0) failures_alone.values[k] = 1 - succeeded[k] / ended[k];
    }
    const std::span before(failures_alone.values.data() + normal.first, normal.end - normal.first);
    if (baseline_of(before).windows >= kFewestBaselineWindows) failures.push_back(std::move(failures_alone));
    first += w.classes.size();
  }
  const bool stations = n > 0 && record.windows[0].stations.size() == t.stations.size();
  for (std::size_t i = 0; stations && i < t.stations.size(); ++i) {
    const int component = t.stations[i].component;
    Signal& queue = signal(component, Symptom::queue, kQueue);
    Signal& refused = signal(component, Symptom::refused, kRate);
    for (std::size_t k = 0; k < n; ++k) {
      const auto& row = record.windows[k].stations[i];
      const double length = times.end_s[k] - times.start_s[k];
      const auto add = [](double& to, double value) { to = std::isnan(to) ? value : to + value; };
      add(queue.values[k], row.queue);
      if (length > 0) add(refused.values[k], static_cast<double>(row.rejected) / length);
    }
  }
  // Time in a component: all its stations' requests inside, over what they began to serve. Where nothing
  // begins and fewer are inside than before, it empties, and they take no longer than they did.
  std::vector<double> inside(t.components.size()), served(t.components.size()), before(t.components.size());
  for (std::size_t k = 0; stations && k < n; ++k) {
    std::fill(inside.begin(), inside.end(), 0.0);
    std::fill(served.begin(), served.end(), 0.0);
    const double length = times.end_s[k] - times.start_s[k];
    for (std::size_t i = 0; i < t.stations.size(); ++i) {
      const auto& row = record.windows[k].stations[i];
      inside[at(t.stations[i].component)] += (row.busy + row.queue) * length;
      served[at(t.stations[i].component)] += static_cast<double>(row.served);
    }
    for (std::size_t c = 0; c < t.components.size(); ++c) {
      const double there = length > 0 ? inside[c] / length : 0;
      const double was = std::exchange(before[c], there);
      const bool empties = served[c] <= 0 && there < kEmpties * was;
      if (inside[c] <= 0 || empties) continue;
      signal(static_cast<int>(c), Symptom::slow, kTime).values[k] = inside[c] / std::max(1.0, served[c]);
    }
  }
  // That handling a message fails is no failure of a call to its channel; it is lag, where it is tried again.
  std::vector<bool> handles(t.edges.size());
  for (const models::MessageChannel& channel : t.channels) {
    for (const models::ConsumerGroup& group : channel.groups) {
      if (group.edge != models::kNone) handles[at(group.edge)] = true;
    }
  }
  const bool edges = calls_in_windows(record, t.edges.size());
  std::vector<double> ended(t.components.size()), good(t.components.size());
  for (std::size_t k = 0; edges && k < n; ++k) {
    std::fill(ended.begin(), ended.end(), 0.0);
    std::fill(good.begin(), good.end(), 0.0);
    for (std::size_t e = 0; e < t.edges.size(); ++e) {
      if (!is_watched(t.edges[e]) || handles[e]) continue;
      const std::size_t to = at(t.operations[at(t.edges[e].operation)].component);
      const auto& row = record.windows[k].edges[e];
      for (const std::uint32_t count : row.ended) ended[to] += count;
      ended[to] -= row.ended[at(static_cast<int>(models::Outcome::cancelled))];  // its caller had left
      good[to] += row.ended[0];
    }
    for (std::size_t c = 0; c < t.components.size(); ++c) {
      if (ended[c] > 0)
        signal(static_cast<int>(c), Symptom::errors, kShare).values[k] = 1 - good[c] / ended[c];
    }
  }
  std::size_t row = 0;  // of the group among all channels'
  for (const models::MessageChannel& channel : t.channels) {
    for (const models::ConsumerGroup& group : channel.groups) {
      const std::size_t g = row++;
      if (group.edge == models::kNone) continue;  // nobody handles it: it only fills
      Signal& lag = signal(channel.component, Symptom::lag, kLag);
      for (std::size_t k = 0; k < n; ++k) {
        const double depth = static_cast<double>(record.windows[k].depths[g]);
        lag.values[k] = std::isnan(lag.values[k]) ? depth : lag.values[k] + depth;
      }
    }
  }
  std::vector<Signal> list;
  for (auto& [key, s] : found) list.push_back(std::move(s));
  std::move(failures.begin(), failures.end(), std::back_inserter(list));
  return list;
}

std::vector<Signal> times_of_calls(const models::CompiledModel& model, const models::RunRecord& record,
                                   const std::set<int>& components) {
  const models::Topology& t = *model.topology;
  if (components.empty() || !calls_in_windows(record, t.edges.size())) return {};
  const std::size_t n = record.windows.size();
  const WindowTimes times = window_times(record);
  std::vector<Signal> list;
  for (const int c : components) list.push_back({c, Symptom::slow, kTime, std::vector<double>(n, kNothing)});
  std::vector<double> begun(t.components.size()), ended(t.components.size()), under_way(t.components.size());
  for (std::size_t k = 0; k < n; ++k) {
    std::fill(begun.begin(), begun.end(), 0.0);
    std::fill(ended.begin(), ended.end(), 0.0);
    for (std::size_t e = 0; e < t.edges.size(); ++e) {
      if (!is_watched(t.edges[e])) continue;
      const std::size_t to = at(t.operations[at(t.edges[e].operation)].component);
      const auto& row = record.windows[k].edges[e];
      begun[to] += row.attempts;
      for (const std::uint32_t count : row.ended) ended[to] += count;
    }
    for (Signal& s : list) {
      const std::size_t c = at(s.component);
      const double before = under_way[c];
      under_way[c] = std::max(0.0, before + begun[c] - ended[c]);  // some end without an attempt
      if (begun[c] > 0)
        s.values[k] = (before + under_way[c]) / 2 * (times.end_s[k] - times.start_s[k]) / begun[c];
    }
  }
  return list;
}

namespace {

// Per second of each window: what `count` says of the classes of workloads that `of` takes.
template <class Of, class Count>
std::vector<double> rates(const models::CompiledModel& model, const models::RunRecord& record, Of of,
                          Count count) {
  const WindowTimes times = window_times(record);
  std::vector<double> rate(record.windows.size());
  for (std::size_t k = 0; k < rate.size(); ++k) {
    std::size_t cls = 0;
    for (const models::Workload& w : model.topology->workloads) {
      for (std::size_t c = 0; c < w.classes.size(); ++c, ++cls) {
        if (of(w)) rate[k] += static_cast<double>(count(record.windows[k].classes[cls]));
      }
    }
    const double length = times.end_s[k] - times.start_s[k];
    rate[k] = length > 0 ? rate[k] / length : 0;
  }
  return rate;
}

constexpr auto kOpen = [](const models::Workload& w) { return w.open(); };

}  // namespace

std::vector<double> offered_load(const models::CompiledModel& model, const models::RunRecord& record) {
  return rates(model, record, kOpen, [](const auto& row) { return row.arrived; });
}

std::vector<double> virtual_users(const models::Workload& workload, const models::RunRecord& record) {
  const WindowTimes times = window_times(record);
  std::vector<double> users;
  for (std::size_t k = 0; k < record.windows.size(); ++k) {
    double left = (times.start_s[k] + times.end_s[k]) / 2;
    auto now = static_cast<double>(workload.vus);
    for (const models::RateStage& stage : workload.stages) {
      const double length = sim::seconds_of(stage.duration.ns);
      if (left < length) {
        now += (stage.target - now) * left / length;
        break;
      }
      left -= length;
      now = stage.target;
    }
    users.push_back(now);
  }
  return users;
}

std::vector<double> goodput(const models::CompiledModel& model, const models::RunRecord& record) {
  const auto any = [](const models::Workload&) { return true; };
  return rates(model, record, any, [](const auto& row) { return row.succeeded; });
}

std::vector<double> open_goodput(const models::CompiledModel& model, const models::RunRecord& record) {
  return rates(model, record, kOpen, [](const auto& row) { return row.succeeded; });
}

}  // namespace tailrace::analysis
