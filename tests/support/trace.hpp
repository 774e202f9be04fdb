#pragma once
// Deterministic systems, event by event. A Trace runs one scenario up to any instant; what has happened by t
// and had not a nanosecond before happened at t. So a table of times written by hand is held to the
// nanosecond, with nothing but the counts that every run leaves behind.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/scenario.hpp"

namespace tailrace::tests {

struct At {
  double ms;
  models::Outcome outcome;
};

// No request, worker, core or place in a queue is held at the end, all that came and was sent has ended, and
// Little's law holds exactly.
void expect_quiet(const models::CompiledModel& model, const models::RunRecord& record);

class Trace {
 public:
  // `body` has no run section. The table ends at `end_ms`; whatever happens later is not looked at.
  explicit Trace(std::string body, double end_ms = 10'000);

  const models::RunRecord& until(std::int64_t ns);
  const models::RunRecord& at_end();
  const models::CompiledModel& model();

  // Every attempt that `from` sends to `operation`; when each ended, and how, as its sender saw it; when the
  // calls as a whole ended. Times in ms, ascending. Nothing else happened.
  void sent(const std::string& from, const std::string& operation, const std::vector<double>& ms);
  void ended(const std::string& from, const std::string& operation, const std::vector<At>& table);
  void calls(const std::string& from, const std::string& operation, const std::vector<At>& table);
  // When requests reached the operation, and when the server was done with them.
  void reached(const std::string& operation, const std::vector<double>& ms);
  void served(const std::string& operation, const std::vector<At>& table);
  // When the requests of a workload ended.
  void requests(const std::string& workload, const std::vector<At>& table);
  // When copies of messages entered a place, were handed to a consumer there, and left it. Names as in
  // ChannelModel::place_names(); by channel where several have the name, "rabbit/mails".
  void accepted(const std::string& place, const std::vector<double>& ms);
  void delivered(const std::string& place, const std::vector<double>& ms);
  void gone(const std::string& place, models::Fate fate, const std::vector<double>& ms);
  const models::EffectRecord& effect(const std::string& name);
  std::uint64_t milestones(const std::string& name);

  // At the end: worker-ms held, and those of them for nobody; by number of instance.
  double busy_ms(const std::string& station);
  double busy_ms(const std::string& station, std::size_t instance);
  double wasted_ms(const std::string& station);
  models::EdgeRecord edge(const std::string& from, const std::string& operation);
  const models::OperationRecord& operation(const std::string& name);
  const models::StationRecord& station(const std::string& name);
  const models::PolicyRecord& policy(const std::string& name, std::size_t nth = 0);
  void is_quiet();  // at the end: expect_quiet

 private:
  using Counter = std::function<std::uint64_t(const models::RunRecord&)>;
  void expect_times(const std::string& what, const Counter& count, std::vector<double> ms);
  void expect_table(const std::string& what, const std::vector<At>& table,
                    const std::function<models::OutcomeCounts(const models::RunRecord&)>& counts);
  std::vector<std::size_t> edges(const std::string& from, const std::string& operation);
  std::size_t operation_id(const std::string& name);
  std::size_t station_id(const std::string& name);
  std::pair<std::size_t, std::size_t> place_id(const std::string& name);

  std::string body_;
  std::int64_t end_ns_;
  std::map<std::int64_t, Results> runs_;
};

}  // namespace tailrace::tests
