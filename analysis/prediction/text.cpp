#include "analysis/prediction/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace tailrace::analysis {

namespace {

constexpr std::size_t kMaxRows = 40;    // stations of a table; the busiest are kept
constexpr std::size_t kMaxListed = 12;  // elements of a path, single points, calls
constexpr double kCloseEnough = 0.02;   // relative, where no interval was measured

// Columns of one display width per code point, which holds for what is printed here.
std::size_t width(const std::string& s) {
  return static_cast<std::size_t>(std::count_if(
      s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

class Table {
 public:
  explicit Table(std::vector<std::string> head) : right_(head.size(), true) {
    right_.front() = right_.back() = false;
    rows_.push_back(std::move(head));
  }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::size_t size() const { return rows_.size() - 1; }
  std::string text() const {
    std::vector<std::size_t> widths(rows_[0].size(), 0);
    for (const auto& r : rows_) {
      for (std::size_t i = 0; i < r.size(); ++i) widths[i] = std::max(widths[i], width(r[i]));
    }
    std::string out;
    for (const auto& r : rows_) {
      std::string line = " ";
      for (std::size_t i = 0; i < r.size(); ++i) {
        const std::string pad(widths[i] - width(r[i]), ' ');
        line += " " + (right_[i] ? pad + r[i] : r[i] + pad) + " ";
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
    return out;
  }

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

std::string rate_text(double per_s) {
  return fmt::format("{:.4g}/s", per_s);
}
std::string percent_text(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string figure_text(const Figure& f, const std::string& text, bool unicode) {
  if (!f.known) return "-";
  return (f.exact ? "" : (unicode ? "\u2248 " : "~ ")) + text;
}

std::string how(const Figure& f) {
  if (!f.known) return "unknown: " + f.reason;
  return f.exact ? "exact" : "approximate: " + f.reason;
}

void capacity_lines(const Prediction& p, bool unicode, std::string& out) {
  for (const StationPrediction& s : p.stations) {
    if (s.stable) continue;
    if (s.surely_unstable) {
      out += fmt::format("Unstable: {} {}; its queue grows without end.\n", s.name, s.remark);
    } else if (s.turns_away) {
      out += fmt::format("Overloaded: {} {}; its queue turns the rest away.\n", s.name, s.remark);
    } else {
      out +=
          fmt::format("Perhaps unstable: {} {}, by an estimate that a run may refute.\n", s.name, s.remark);
    }
  }
  if (p.bottleneck >= 0) {
    const StationPrediction& s = p.stations[static_cast<std::size_t>(p.bottleneck)];
    out += fmt::format("Bottleneck: {} at {}.", s.name, percent_text(p.bottleneck_utilization));
    if (p.max_load_multiplier.known) {
      const double m = p.max_load_multiplier.value;
      out += std::isfinite(m) ? fmt::format(" The load can grow to {}{:.3g} times what it is.",
                                            p.max_load_multiplier.exact ? "" : "about ", m)
                              : " No load is too much.";
    }
    out += "\n";
  }
  if (p.max_throughput_per_s.known && std::isfinite(p.max_throughput_per_s.value)) {
    out +=
        fmt::format("At most {} however many users; queueing begins to rule at {} users.\n",
                    figure_text(p.max_throughput_per_s, rate_text(p.max_throughput_per_s.value), unicode),
                    figure_text(p.knee_population, fmt::format("{:.4g}", p.knee_population.value), unicode));
  }
}

std::string joined(const std::vector<std::string>& names, const std::string& separator) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == kMaxListed / 2 && names.size() > kMaxListed) {
      out += separator + "...";
      i = names.size() - kMaxListed / 2;
    }
    out += (i > 0 ? separator : "") + names[i];
  }
  return out;
}

void shape_lines(const Prediction& p, bool unicode, std::string& out) {
  const std::string arrow = unicode ? " \u2192 " : " -> ";
  for (const std::string& c : p.cycles) out += "Call cycle: " + c + "\n";
  for (const std::string& c : p.message_loops) out += "Message loop: " + c + "\n";
  if (!p.single_points_of_failure.empty()) {
    out += "Single points of failure (one instance):\n";
    std::size_t shown = 0;
    for (const SinglePointOfFailure& s : p.single_points_of_failure) {
      if (++shown > kMaxListed) {
        out += fmt::format("  and {} more\n", p.single_points_of_failure.size() - kMaxListed);
        break;
      }
      std::vector<std::string> why;
      if (!s.workload.empty()) why.push_back("every request of " + s.workload + " needs it");
      if (s.dependents > 0)
        why.push_back(fmt::format("the only way to {} other{}", s.dependents, s.dependents > 1 ? "s" : ""));
      out += fmt::format("  {}: {}\n", s.component, joined(why, "; "));
    }
  }
  if (p.longest_chain.size() > 1) {
    out += fmt::format("Longest chain of calls: {} deep, {}\n", p.longest_chain.size(),
                       joined(p.longest_chain, arrow));
  }
  std::size_t paths = 0;
  for (const RequestPath& path : p.critical_paths) {
    if (++paths > kMaxListed) {
      out += fmt::format("and {} more request classes\n", p.critical_paths.size() - kMaxListed);
      break;
    }
    out += fmt::format("Critical path of {}{}, alone in the system: {}\n", path.workload,
                       path.request.empty() ? "" : "/" + path.request, time_text(path.seconds, unicode));
    double rest = 0;
    for (std::size_t i = 0; i < path.elements.size(); ++i) {
      const PathElement& e = path.elements[i];
      if (i < kMaxListed) {
        out += fmt::format("  {:>9}  {}\n", time_text(e.seconds, unicode), e.name);
      } else {
        rest += e.seconds;
      }
    }
    if (rest > 0)
      out += fmt::format("  {:>9}  {} more\n", time_text(rest, unicode), path.elements.size() - kMaxListed);
  }
}

const char* what_text(Measured::What w) {
  switch (w) {
    case Measured::What::utilization:
      return "utilisation";
    case Measured::What::core_utilization:
      return "core utilisation";
    case Measured::What::wait_mean:
      return "mean wait";
    case Measured::What::station_response:
      return "mean response per visit";
    case Measured::What::throughput:
      return "throughput";
    case Measured::What::response:
      return "mean response";
  }
  return "";
}

std::string value_text(Measured::What w, double v, bool unicode) {
  switch (w) {
    case Measured::What::utilization:
    case Measured::What::core_utilization:
      return percent_text(v);
    case Measured::What::throughput:
      return rate_text(v);
    default:
      return time_text(v, unicode);
  }
}

template <class Item>
std::unordered_map<std::string, const Item*> index_of(const std::vector<Item>& items) {
  std::unordered_map<std::string, const Item*> index;  // looked up only, never walked
  for (const Item& i : items) index.emplace(i.name, &i);
  return index;
}

const Figure* pick(const StationPrediction* s, const WorkloadPrediction* w, Measured::What what) {
  switch (what) {
    case Measured::What::utilization:
      return s ? &s->utilization : nullptr;
    case Measured::What::core_utilization:
      return s ? &s->core_utilization : nullptr;
    case Measured::What::wait_mean:
      return s ? &s->wait_mean_s : nullptr;
    case Measured::What::station_response:
      return s ? &s->response_mean_s : nullptr;
    case Measured::What::throughput:
      return w ? &w->throughput_per_s : nullptr;
    case Measured::What::response:
      return w ? &w->response_mean_s : nullptr;
  }
  return nullptr;
}

// Remarks on the rows of a table. One that several rows have stands below it, under a number.
class Footnotes {
 public:
  void count(const std::string& remark) { ++rows_[remark]; }
  std::string beside(const std::string& remark) {
    if (rows_[remark] < 2) return ": " + remark;
    const auto known = std::find(shared_.begin(), shared_.end(), remark);
    const auto number = known - shared_.begin() + 1;
    if (known == shared_.end()) shared_.push_back(remark);
    return fmt::format(" [{}]", number);
  }
  std::string lines() const {
    std::string out;
    for (std::size_t i = 0; i < shared_.size(); ++i) out += fmt::format("  [{}] {}\n", i + 1, shared_[i]);
    return out;
  }

 private:
  std::map<std::string, std::size_t> rows_;
  std::vector<std::string> shared_;
};

}  // namespace

std::string time_text(double seconds, bool unicode) {
  if (!std::isfinite(seconds)) return "unbounded";
  const double size = std::fabs(seconds);
  if (size < 5e-10) return "0 s";  // less than the clock of a run tells
  if (size < 1e-6) return fmt::format("{:.4g} ns", seconds * 1e9);
  if (size < 1e-3) return fmt::format("{:.4g} {}", seconds * 1e6, unicode ? "\u00b5s" : "us");
  if (size < 1) return fmt::format("{:.4g} ms", seconds * 1e3);
  return fmt::format("{:.4g} s", seconds);
}

std::string prediction_text(const Prediction& p, bool unicode) {
  std::string out;
  if (!p.message.empty()) {
    out += "No prediction: " + p.message + ".\n";
  } else if (p.workloads.empty()) {
    out += "No prediction: there is no workload, so nothing is asked of anything.\n";
  } else {
    // The busiest first when not all fit; otherwise in the order of the topology.
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < p.stations.size(); ++i) {
      const StationPrediction& s = p.stations[i];
      if (s.visit_rate_per_s > 0 || (s.by_messages && !s.rate_known)) shown.push_back(i);
    }
    const std::size_t used = shown.size();
    const auto busy = [&](std::size_t i) {
      const StationPrediction& s = p.stations[i];
      return s.stable ? std::max(s.utilization.known ? s.utilization.value : 0,
                                 s.core_utilization.known ? s.core_utilization.value : 0)
                      : 2.0;
    };
    if (shown.size() > kMaxRows) {
      std::stable_sort(shown.begin(), shown.end(),
                       [&](std::size_t a, std::size_t b) { return busy(a) > busy(b); });
      shown.resize(kMaxRows);
      std::sort(shown.begin(), shown.end());
    }
    Table stations({"component", "rate", "workers", "cores", "wait", "response", "remark"});
    for (const std::size_t i : shown) {
      const StationPrediction& s = p.stations[i];
      stations.row({s.name, s.rate_known ? rate_text(s.visit_rate_per_s) : "-",
                    figure_text(s.utilization, percent_text(s.utilization.value), unicode),
                    figure_text(s.core_utilization, percent_text(s.core_utilization.value), unicode),
                    figure_text(s.wait_mean_s, time_text(s.wait_mean_s.value, unicode), unicode),
                    figure_text(s.response_mean_s, time_text(s.response_mean_s.value, unicode), unicode),
                    s.remark});
    }
    if (stations.size() > 0) out += stations.text();
    if (used > shown.size()) out += fmt::format("  and {} less busy\n", used - shown.size());
    Table workloads({"workload", "throughput", "response", "idle system", "how sure"});
    for (const WorkloadPrediction& w : p.workloads) {
      if (workloads.size() == kMaxRows) break;
      workloads.row({w.name, figure_text(w.throughput_per_s, rate_text(w.throughput_per_s.value), unicode),
                     figure_text(w.response_mean_s, time_text(w.response_mean_s.value, unicode), unicode),
                     time_text(w.zero_load_response_s, unicode), how(w.response_mean_s)});
    }
    out += "\n" + workloads.text();
    if (p.workloads.size() > kMaxRows)
      out += fmt::format("  and {} more workloads\n", p.workloads.size() - kMaxRows);
    out += "\n";
    capacity_lines(p, unicode, out);
  }
  shape_lines(p, unicode, out);
  for (const std::string& n : p.notes) out += "Note: " + n + "\n";
  return out;
}

std::string beside_text(const Prediction& p, const std::vector<Measured>& measured, bool unicode) {
  if (!p.message.empty()) return "Theory does not apply: " + p.message + ".\n";
  const auto stations = index_of(p.stations);
  const auto workloads = index_of(p.workloads);
  const auto figure_of = [&](const Measured& m) {
    const auto s = stations.find(m.name);
    const auto w = workloads.find(m.name);
    return pick(s == stations.end() ? nullptr : s->second, w == workloads.end() ? nullptr : w->second,
                m.what);
  };
  Table table({"figure", "theory", "simulation", "interval", "difference", "verdict"});
  Footnotes doubts;
  for (const Measured& m : measured) {
    const Figure* f = figure_of(m);
    if (f != nullptr && f->known && !f->exact) doubts.count(f->reason);
  }
  std::size_t unknown = 0, left = 0;
  std::vector<std::pair<std::string, std::string>> reasons;
  const std::string dash = unicode ? "\u2013" : "-";
  for (const Measured& m : measured) {
    const Figure* f = figure_of(m);
    if (f == nullptr) continue;
    const std::string name = fmt::format("{} {}", m.name, what_text(m.what));
    if (!f->known) {
      ++unknown;
      if (reasons.size() < kMaxListed) reasons.emplace_back(name, f->reason);
      continue;
    }
    if (table.size() == 2 * kMaxRows) {
      ++left;
      continue;
    }
    const double gap = f->value != 0 ? m.estimate / f->value - 1
                                     : (m.estimate == 0 ? 0 : std::numeric_limits<double>::infinity());
    std::string verdict;
    if (m.known) {
      const bool inside = m.low <= f->value && f->value <= m.high;
      verdict = inside ? "within the interval"
                       : (std::fabs(gap) <= 0.001 ? "differs by less than 0.1 %" : "differs");
    } else {
      verdict = std::fabs(gap) <= kCloseEnough ? "close (no interval)" : "differs (no interval)";
    }
    if (!f->exact) verdict += doubts.beside(f->reason);
    table.row(
        {name, figure_text(*f, value_text(m.what, f->value, unicode), unicode),
         value_text(m.what, m.estimate, unicode),
         m.known ? value_text(m.what, m.low, unicode) + " " + dash + " " + value_text(m.what, m.high, unicode)
                 : "-",
         std::isfinite(gap) ? fmt::format("{:+.2f} %", 100 * gap) : "-", verdict});
  }
  std::string out;
  if (table.size() > 0) out += table.text() + doubts.lines();
  if (left > 0) out += fmt::format("  and {} more figures\n", left);
  for (const auto& [name, reason] : reasons) out += fmt::format("No theory for {}: {}.\n", name, reason);
  if (unknown > reasons.size())
    out += fmt::format("No theory for {} more figures.\n", unknown - reasons.size());
  for (const std::string& n : p.notes) out += "Note: " + n + "\n";
  return out;
}

}  // namespace tailrace::analysis
