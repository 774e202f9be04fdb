#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "cli/arguments.hpp"
#include "cli/cluster_crew.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/give_out.hpp"
#include "cli/load_scenario.hpp"
#include "cli/output_files.hpp"
#include "cli/progress.hpp"
#include "cli/signals.hpp"
#include "cli/sqlite_file.hpp"
#include "cli/sweep_journal.hpp"
#include "models/field/number_text.hpp"
#include "models/runtime/record.hpp"
#include "scenarios/sweep/output.hpp"
#include "sim/base/bytes.hpp"

namespace tailrace::cli {

namespace {

using scenarios::PointRow;
using scenarios::SweepResults;

constexpr std::size_t kMostShown = 40;  // rows of the table
constexpr std::size_t kMostNamed = 5;   // points that are wrong or ended early

// "i/n" -> i - 1 and n; false where it is not that.
bool parse_shard(const std::string& text, std::size_t& index, std::size_t& count) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return false;
  const models::NumberText i = models::read_number(text.substr(0, slash));
  const models::NumberText n = models::read_number(text.substr(slash + 1));
  const auto whole = [](const models::NumberText& v, const std::string& from) {
    return v.error.empty() && v.length == from.size() && v.length > 0 && v.value >= 1 && v.value <= 1e6 &&
           v.value == static_cast<double>(static_cast<std::size_t>(v.value));
  };
  if (!whole(i, text.substr(0, slash)) || !whole(n, text.substr(slash + 1)) || i.value > n.value)
    return false;
  index = static_cast<std::size_t>(i.value) - 1;
  count = static_cast<std::size_t>(n.value);
  return true;
}

std::optional<scenarios::Design> read_design(const SweepArguments& arguments, std::uint64_t seed) {
  scenarios::DesignFault fault;
  const auto refuse = [&]() -> std::optional<scenarios::Design> {
    complain("--vary " + fault.message + (fault.hint.empty() ? "" : "; " + fault.hint));
    return std::nullopt;
  };
  std::vector<scenarios::Axis> axes;
  for (const std::string& text : arguments.axes) {
    std::optional<scenarios::Axis> axis = scenarios::parse_axis(text, fault);
    if (!axis) return refuse();
    axes.push_back(std::move(*axis));
  }
  scenarios::DesignOptions options;
  options.kind = arguments.kind;
  options.samples = arguments.samples;
  options.seed = seed;
  std::optional<scenarios::Design> design = scenarios::make_design(axes, options, fault);
  return design ? design : refuse();
}

class Sweep {
 public:
  Sweep(const SweepArguments& arguments, const LoadedScenario& loaded, scenarios::Design design,
        Cluster* cluster)
      : arguments_(arguments),
        cluster_(cluster),
        scenario_{loaded.doc, arguments.scenario.seed},
        design_(std::move(design)),
        names_(scenario_, kVersion),
        results_{loaded.topology == nullptr ? std::string() : loaded.topology->name,
                 loaded.topology == nullptr ? std::string() : loaded.topology->about,
                 arguments.kind,
                 design_,
                 {}} {
    results_.rows.resize(design_.points.size());
  }

  // Ranks of a cluster other than the first do nothing else. An item is a point's number, a result its line.
  void serve() {
    const WatchedRun watched;
    Cluster::Service service;
    service.width = static_cast<std::size_t>(std::max(1, arguments_.jobs));  // cores are shared out as ranks
    service.interrupted = [] { return interrupted_by() != 0; };
    service.work = [&](const std::vector<std::string>& items, const Cluster::Beat& beat) {
      std::vector<std::size_t> points;
      std::map<std::size_t, std::size_t> item_of;
      for (std::size_t i = 0; i < items.size(); ++i) {
        points.push_back(static_cast<std::size_t>(sim::ByteReader(items[i]).number()));
        item_of[points.back()] = i;
      }
      Cluster::Results lines;
      scenarios::SweepOptions options;
      options.jobs = std::max(1, arguments_.jobs);
      options.interrupt = interrupt_flag();
      options.finished = [&](std::vector<std::pair<std::size_t, PointRow>> rows) {
        for (const auto& [point, row] : rows)
          lines.emplace_back(item_of.at(point), journal_line(name_of(point), row));
      };
      options.progress = [&](double) { beat(std::exchange(lines, {})); };
      scenarios::run_sweep(scenario_, design_, points, options);
      beat(std::move(lines));
    };
    cluster_->serve(service);
  }

  int run() {
    if (!arguments_.out.empty()) {
      std::string error = OutputFiles(arguments_.out).prepare();
      if (error.empty() && !arguments_.merge) error = journal_.open(arguments_.out, journal_name());
      if (error.empty()) error = journal_.read(arguments_.out);
      if (!error.empty()) return refuse(error);
    }
    take_what_is_done();
    std::vector<std::size_t> todo;
    for (std::size_t p = 0; p < results_.rows.size() && !arguments_.merge; ++p) {
      if (p % arguments_.shards == arguments_.shard && !results_.rows[p]) todo.push_back(p);
    }
    const WatchedRun watched;
    if (const std::string error = simulate(todo); !error.empty()) return refuse(error);
    return tell();
  }

 private:
  int refuse(const std::string& error) const {
    complain(error);
    return kInputOutput;
  }

  std::string name_of(std::size_t point) const { return names_.name(design_.paths, design_.points[point]); }

  bool one_of_many() const { return arguments_.shards > 1; }

  std::string journal_name() const {
    if (!one_of_many()) return "points.jsonl";
    return fmt::format("points-{}-of-{}.jsonl", arguments_.shard + 1, arguments_.shards);
  }

  void take_what_is_done() {
    if (journal_.rows().empty()) return;
    for (std::size_t p = 0; p < results_.rows.size(); ++p) {
      const auto found = journal_.rows().find(name_of(p));
      if (found != journal_.rows().end()) results_.rows[p] = found->second;
    }
  }

  // "" or why the journal cannot be written; the run then ends, since what it finds would be lost.
  std::string simulate(const std::vector<std::size_t>& todo) {
    const StreamStyle style = stream_style();
    Progress progress(style.err_is_terminal && !arguments_.scenario.quiet, style.err);
    std::size_t mine = 0, before = 0;
    for (std::size_t p = arguments_.shard; p < results_.rows.size(); p += arguments_.shards) {
      ++mine;
      before += results_.rows[p].has_value();
    }
    std::size_t done = before;
    std::string error;
    std::atomic<int> stop{0};
    scenarios::SweepOptions options;
    options.jobs = arguments_.jobs;
    options.interrupt = &stop;
    options.finished = [&](std::vector<std::pair<std::size_t, PointRow>> rows) {
      std::vector<std::pair<std::string, const PointRow*>> lines;
      for (const auto& [point, row] : rows) lines.emplace_back(name_of(point), &row);
      if (!arguments_.out.empty() && error.empty()) error = journal_.append(lines);
      if (!error.empty()) stop = 1;
      done += rows.size();
      for (auto& [point, row] : rows) results_.rows[point] = std::move(row);
    };
    options.progress = [&](double share) {
      if (interrupted_by() != 0) stop = 1;
      progress.show(done, mine, share, "points");
    };
    if (cluster_ != nullptr) return gather(todo, options, error, stop);
    scenarios::run_sweep(scenario_, design_, todo, options);
    return error;
  }

  // The first rank of a cluster: the others' lines become rows as if they had been found here.
  std::string gather(const std::vector<std::size_t>& todo, const scenarios::SweepOptions& options,
                     std::string& error, const std::atomic<int>& stop) {
    std::vector<std::string> items;
    for (const std::size_t point : todo) {
      sim::ByteWriter item;
      item.number(point);
      items.push_back(item.take());
    }
    std::vector<std::pair<std::size_t, PointRow>> rows;  // since the last tick: one write for all
    std::size_t accepted = 0;
    Cluster::Hand hand;
    hand.accept = [&](std::size_t item, const std::string& line) {
      std::string name;
      PointRow row;
      if (!parse_journal_line(line, name, row) || name != name_of(todo[item])) {
        error = "the ranks do not read the same scenario";
        return false;
      }
      rows.emplace_back(todo[item], std::move(row));
      ++accepted;
      return true;
    };
    hand.tick = [&] {
      if (!rows.empty()) options.finished(std::exchange(rows, {}));
      const double all = static_cast<double>(std::max<std::size_t>(1, todo.size()));
      options.progress(static_cast<double>(accepted) / all);
    };
    hand.stop = [&] { return stop.load() != 0 || !error.empty(); };
    const std::string failure = cluster_->hand_out(items, hand);
    hand.tick();
    return error.empty() ? failure : error;
  }

  int code() const {
    bool limit = false, broken = false, all_wrong = !results_.rows.empty();
    for (const std::optional<PointRow>& row : results_.rows) {
      if (!row) continue;
      if (row->status == scenarios::kWrong) continue;
      all_wrong = false;
      broken = broken || row->status == models::status_name(models::RunStatus::invariant_broken);
      limit = limit || row->status != models::status_name(models::RunStatus::completed);
    }
    if (broken) return kInternal;
    if (interrupted_by() != 0 && !finished()) return kInterrupted + interrupted_by();
    if (arguments_.merge && !results_.complete()) return kLimitReached;
    if (results_.done() == 0) return kGood;
    if (all_wrong) return kWrongScenario;
    return limit ? kLimitReached : kGood;
  }

  // What this process had to do is done.
  bool finished() const {
    for (std::size_t p = arguments_.shard; p < results_.rows.size(); p += arguments_.shards) {
      if (!results_.rows[p]) return false;
    }
    return true;
  }

  void name_faults() const {
    std::size_t wrong = 0, limits = 0;
    for (std::size_t p = 0; p < results_.rows.size(); ++p) {
      if (!results_.rows[p] || results_.rows[p]->status == "completed") continue;
      const PointRow& row = *results_.rows[p];
      const bool is_wrong = row.status == scenarios::kWrong;
      ++(is_wrong ? wrong : limits);
      if (wrong + limits <= kMostNamed) {
        std::string values;
        for (std::size_t k = 0; k < design_.paths.size(); ++k)
          values += (k == 0 ? "" : ", ") + design_.paths[k] + "=" + design_.points[p][k];
        complain(fmt::format("point {} ({}): {}{}", p + 1, values, is_wrong ? "" : row.status + ": ",
                             row.message));
      }
    }
    if (wrong > 0)
      complain(fmt::format("{} of {} points are no valid scenario", wrong, results_.rows.size()));
    if (limits > 0)
      complain(fmt::format("{} of {} points ended early; their figures are partial", limits,
                           results_.rows.size()));
  }

  int tell() {
    const int code = this->code();
    const GivenOut given =
        give_out(arguments_.scenario, one_of_many() ? "" : arguments_.out,
                 {"sweep",
                  [&] { return scenarios::sweep_json(results_); },
                  [&] { return scenarios::sweep_csv(results_); },
                  [&] { return scenarios::sweep_text(results_, kMostShown, stream_style().out); },
                  {}});
    std::string sqlite_error;
    if (!arguments_.sqlite.empty()) sqlite_error = write_sqlite(arguments_.sqlite, results_, kVersion);
    name_faults();
    if (!sqlite_error.empty()) complain(sqlite_error);
    if (interrupted_by() != 0 && !finished()) {
      complain(arguments_.out.empty()
                   ? "interrupted; results are partial, and with --out the same command could have gone on"
                   : "interrupted; the same command goes on from here");
    } else if (arguments_.merge && !results_.complete()) {
      complain(fmt::format("{} of {} points are missing", results_.rows.size() - results_.done(),
                           results_.rows.size()));
    }
    const bool whole = given.whole() && sqlite_error.empty();
    return whole || code == kInternal ? code : kInputOutput;
  }

  const SweepArguments& arguments_;
  Cluster* cluster_;  // null: alone
  scenarios::SweepScenario scenario_;
  scenarios::Design design_;
  scenarios::PointNames names_;
  SweepJournal journal_;
  SweepResults results_;
};

}  // namespace

int sweep_command(const SweepArguments& given) {
  SweepArguments arguments = given;
  if (!arguments.shard_text.empty() &&
      !parse_shard(arguments.shard_text, arguments.shard, arguments.shards)) {
    complain("--shard is i/n, such as 1/8 to 8/8");
    return kUsage;
  }
  if (arguments.out.empty() && (!arguments.shard_text.empty() || arguments.merge)) {
    complain("--shard and --merge need --out, the folder that the shards share");
    return kUsage;
  }
  if (arguments.merge && !arguments.shard_text.empty()) {
    complain("--merge is for all shards together, without --shard");
    return kUsage;
  }
  if (!arguments.sqlite.empty()) {
    if (!has_sqlite()) {
      complain("--sqlite: this program was built without SQLite (Debian: libsqlite3-dev)");
      return kUsage;
    }
    if (!arguments.shard_text.empty()) {
      complain("--sqlite is for all points: give it with --merge, without --shard");
      return kUsage;
    }
    if (const int code = prepare_file("--sqlite", arguments.sqlite); code != kGood) return code;
  }
  // The scenario itself may be wrong where it is varied; then every point says so.
  arguments.scenario = said_once(arguments.scenario);
  const LoadedScenario loaded = read_for_sweep(arguments.scenario);
  if (loaded.exit_code != 0) return loaded.exit_code;
  const std::uint64_t seed =
      arguments.scenario.seed.value_or(loaded.topology == nullptr ? 1 : loaded.topology->run.seed);
  std::optional<scenarios::Design> design = read_design(arguments, seed);
  if (!design) return kUsage;
  const std::unique_ptr<Cluster> cluster = join_cluster(identity_of({{loaded.doc, arguments.scenario.seed}}));
  Sweep sweep(arguments, loaded, std::move(*design), cluster.get());
  if (cluster == nullptr || cluster->first()) return sweep.run();
  sweep.serve();
  return kGood;
}

}  // namespace tailrace::cli
