#include "tests/statistical/lessons.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "tests/support/recording.hpp"

namespace tailrace::tests {

namespace {

constexpr int kReplications = 5;
constexpr double kStudent = 4.604;  // 99.5 % point, 4 degrees of freedom

models::ClassRecord of_workload(const models::CompiledModel& m, const models::RunRecord& r,
                                const std::string& name) {
  std::size_t first = 0;
  for (const models::Workload& w : m.topology->workloads) {
    if (w.name != name) {
      first += w.classes.size();
      continue;
    }
    models::ClassRecord sum;
    for (std::size_t i = first; i < first + w.classes.size(); ++i) {
      sum.arrived += r.classes[i].arrived;
      sum.degraded += r.classes[i].degraded;
      for (std::size_t o = 0; o < sum.ended.size(); ++o) sum.ended[o] += r.classes[i].ended[o];
    }
    return sum;
  }
  throw std::runtime_error("no workload is called " + name);
}

std::size_t operation_id(const models::CompiledModel& m, const std::string& name) {
  for (std::size_t i = 0; i < m.topology->operations.size(); ++i) {
    if (m.topology->operation_name(static_cast<int>(i)) == name) return i;
  }
  throw std::runtime_error("no operation is called " + name);
}

template <class Items>
std::size_t named(const Items& items, const std::string& name) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].name == name) return i;
  }
  throw std::runtime_error("nothing is called " + name);
}

struct GroupPlace {
  std::size_t channel, subscription, id;
};
GroupPlace group_place(const models::CompiledModel& m, const std::string& name) {
  for (std::size_t c = 0; c < m.topology->channels.size(); ++c) {
    const auto& groups = m.topology->channels[c].groups;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      if (groups[g].name == name) return {c, g, m.channels[c].first_group + g};
    }
  }
  throw std::runtime_error("no group is called " + name);
}

// The sum of a count over the group's places.
template <class Count>
double over_places(const models::CompiledModel& m, const models::RunRecord& r, const std::string& name,
                   Count count) {
  const GroupPlace at = group_place(m, name);
  const std::vector<std::uint32_t> of = m.channels[at.channel].model->place_subscriptions();
  double sum = 0;
  for (std::size_t p = 0; p < of.size(); ++p) {
    if (of[p] == at.subscription) sum += static_cast<double>(count(r.channels[at.channel].places[p]));
  }
  return sum;
}

std::vector<double> each(const Results& run, const Figure& figure) {
  std::vector<double> values;
  for (const models::RunRecord& r : run.records) values.push_back(figure(*run.model, r));
  return values;
}

}  // namespace

Results run_library(const std::string& name, std::vector<std::string> changes, const std::string& variant) {
  changes.insert(changes.begin(), fmt::format("run.replications={}", kReplications));
  const Loaded loaded = load_file("scenarios/library/" + name + ".yaml", changes, variant);
  if (!loaded.topology) throw std::runtime_error(loaded.shown);
  Results run = run_model(models::compile(loaded.topology), 0);
  EXPECT_EQ(run.report.status, models::RunStatus::completed) << run.report.message;
  EXPECT_TRUE(run.report.littles_law_holds);
  EXPECT_TRUE(run.report.conservation_holds);
  return run;
}

const models::StationRecord& station_record(const models::CompiledModel& m, const models::RunRecord& r,
                                            const std::string& name) {
  return r.stations[named(m.topology->stations, name)];
}
const models::OperationRecord& operation_record(const models::CompiledModel& m, const models::RunRecord& r,
                                                const std::string& name) {
  return r.operations[operation_id(m, name)];
}

Figure successes(const std::string& workload) {
  return [workload](const models::CompiledModel& m, const models::RunRecord& r) {
    const models::ClassRecord c = of_workload(m, r, workload);
    return static_cast<double>(c.ended[0]) / static_cast<double>(models::total(c.ended));
  };
}
Figure goodput_per_s(const std::string& workload) {
  return [workload](const models::CompiledModel& m, const models::RunRecord& r) {
    return static_cast<double>(of_workload(m, r, workload).ended[0]) / r.seconds();
  };
}
Figure attempts(const std::string& from, const std::string& operation) {
  return [from, operation](const models::CompiledModel& m, const models::RunRecord& r) {
    const auto target = static_cast<int>(operation_id(m, operation));
    for (std::size_t i = 0; i < r.edges.size(); ++i) {
      const models::Edge& e = m.topology->edges[i];
      if (e.operation == target &&
          m.topology->components[static_cast<std::size_t>(e.from_component)].name == from)
        return static_cast<double>(r.edges[i].attempts) / static_cast<double>(r.edges[i].calls);
    }
    throw std::runtime_error(from + " does not call " + operation);
  };
}
Figure arrivals_per_request(const std::string& operation, const std::string& workload) {
  return [operation, workload](const models::CompiledModel& m, const models::RunRecord& r) {
    return static_cast<double>(operation_record(m, r, operation).arrived) /
           static_cast<double>(of_workload(m, r, workload).arrived);
  };
}
Figure degraded(const std::string& workload) {
  return [workload](const models::CompiledModel& m, const models::RunRecord& r) {
    const models::ClassRecord c = of_workload(m, r, workload);
    return static_cast<double>(c.degraded) / static_cast<double>(c.ended[0]);
  };
}
Figure wasted_share(const std::string& station) {
  return [station](const models::CompiledModel& m, const models::RunRecord& r) {
    const models::StationCounts& c = station_record(m, r, station).counts;
    return static_cast<double>(c.wasted) / static_cast<double>(c.hold_sum);
  };
}

Figure published(const std::string& channel) {
  return [channel](const models::CompiledModel& m, const models::RunRecord& r) {
    return static_cast<double>(r.channels[named(m.topology->channels, channel)].counts.published);
  };
}
Figure effects(const std::string& name, std::uint64_t models::EffectRecord::*count) {
  return [name, count](const models::CompiledModel& m, const models::RunRecord& r) {
    return static_cast<double>(r.effects[named(m.topology->effects, name)].*count);
  };
}
Figure missed(const std::string& name) {
  return [name](const models::CompiledModel& m, const models::RunRecord& r) {
    return static_cast<double>(analysis::missed_in_all(r.effects[named(m.topology->effects, name)]));
  };
}
Figure redelivered_share(const std::string& group) {
  return [group](const models::CompiledModel& m, const models::RunRecord& r) {
    return over_places(m, r, group, [](const models::PlaceCounts& p) { return p.redeliveries; }) /
           over_places(m, r, group, [](const models::PlaceCounts& p) { return p.deliveries; });
  };
}
Figure gone(const std::string& group, models::Fate fate) {
  return [group, fate](const models::CompiledModel& m, const models::RunRecord& r) {
    return over_places(m, r, group, [fate](const models::PlaceCounts& p) {
      return p.ended[static_cast<std::size_t>(fate)];
    });
  };
}
Figure lag_at(const std::string& group, double seconds) {
  return [group, seconds](const models::CompiledModel& m, const models::RunRecord& r) {
    const std::size_t id = group_place(m, group).id;
    for (const models::WindowRecord& w : r.windows) {
      if (static_cast<double>(w.end_ns) * 1e-9 >= seconds - 1e-9) return static_cast<double>(w.depths.at(id));
    }
    throw std::runtime_error("the run is shorter");
  };
}
Figure milestones(const std::string& name) {
  return [name](const models::CompiledModel& m, const models::RunRecord& r) {
    const std::size_t id = named(m.topology->milestones, name);
    return static_cast<double>(r.series[m.milestone_series[id]].count());
  };
}
Figure milestone_mean(const std::string& name) {
  return [name](const models::CompiledModel& m, const models::RunRecord& r) {
    return r.series[m.milestone_series[named(m.topology->milestones, name)]].mean() * 1e-9;
  };
}
Figure minus(Figure a, Figure b) {
  return [a = std::move(a), b = std::move(b)](const models::CompiledModel& m, const models::RunRecord& r) {
    return a(m, r) - b(m, r);
  };
}

double mean(const Results& run, const Figure& figure) {
  double sum = 0;
  for (const double x : each(run, figure)) sum += x;
  return sum / static_cast<double>(run.records.size());
}
testing::AssertionResult figure_is_near(const char* file, int line, const char* words, const Results& run,
                                        const Figure& figure, double expected, double tolerance) {
  const std::vector<double> values = each(run, figure);
  const double n = static_cast<double>(values.size()), found = mean(run, figure);
  double squares = 0;
  for (const double x : values) squares += (x - found) * (x - found);
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  const std::string path = file;
  Recorded r;
  r.group = "scenarios";
  r.id = fmt::format("{}.{}", test.test_suite_name(), test.name());
  r.source = fmt::format("{}:{}", path.substr(path.rfind('/') + 1), line);
  r.figure = words;
  r.rule = "absolute";
  r.expected = expected;
  r.tolerance = tolerance;
  r.measured = found;
  r.replications = static_cast<int>(values.size());
  r.half_width = half_width_95(n > 1 ? std::sqrt(squares / (n - 1) / n) : 0, r.replications);
  r.holds = std::abs(found - expected) <= tolerance;
  record(r);
  if (r.holds) return testing::AssertionSuccess();
  return testing::AssertionFailure() << fmt::format("{}: expected {} ± {}, found {} ± {}", words, expected,
                                                    tolerance, found, r.half_width);
}
double least(const Results& run, const Figure& figure) {
  const std::vector<double> values = each(run, figure);
  return *std::min_element(values.begin(), values.end());
}
double most(const Results& run, const Figure& figure) {
  const std::vector<double> values = each(run, figure);
  return *std::max_element(values.begin(), values.end());
}

int with_verdict(const analysis::CascadeReport& report, analysis::Verdict verdict) {
  return report.verdicts[static_cast<std::size_t>(verdict)];
}

Bounds difference(const Results& a, const Figure& of_a, const Results& b, const Figure& of_b) {
  const std::vector<double> x = each(a, of_a), y = each(b, of_b);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += x[i] - y[i];
    squares += (x[i] - y[i]) * (x[i] - y[i]);
  }
  const double n = static_cast<double>(x.size());
  const double variance = std::max(0.0, (squares - sum * sum / n) / (n - 1));
  const double half = kStudent * std::sqrt(variance / n);
  return {sum / n - half, sum / n + half};
}

}  // namespace tailrace::tests
