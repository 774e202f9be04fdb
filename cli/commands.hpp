#pragma once
// The commands, after the command line has been read. Each returns the program's exit code.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/runtime/trace_record.hpp"
#include "scenarios/sweep/design.hpp"

namespace tailrace::cli {

enum class OutputFormat : std::uint8_t { text, json, csv };

// What all that run or check a scenario share: which one, changed how, and what is printed.
struct ScenarioArguments {
  std::string file;
  std::string variant;                 // of the file; empty: the scenario as it is
  std::vector<std::string> overrides;  // PATH=VALUE
  std::optional<std::string> duration;
  std::optional<std::uint64_t> seed;
  std::optional<std::int64_t> replications;
  bool allow_outside_includes = false;
  OutputFormat format = OutputFormat::text;
  bool quiet = false;
};

struct RunArguments {
  ScenarioArguments scenario;
  int jobs = 0;          // 0: one per core
  double precision = 0;  // relative; 0: none asked for
  std::string out;       // folder; empty: no files
  bool verify_determinism = false;
  std::string junit;     // file; empty: only junit.xml in `out`
  std::string baseline;  // an earlier summary.json; empty: none
  bool abort_on_fail = false;
  models::TraceSampling trace{models::TraceSampling::Mode::automatic, 1};
  std::string traces;  // a file for the exemplars' traces; empty: none
};

struct CompareArguments {
  ScenarioArguments scenario;         // its file is the first of `files`
  std::vector<std::string> files;     // the first is the baseline
  std::vector<std::string> variants;  // of a single file; empty: all that it has
  std::string primary;                // "shoppers.request_duration p(99)"; empty: the first workload's p(99)
  double until = 0;                   // share of the baseline's value; 0: none asked for
  bool independent = false;
  int jobs = 0;
  std::string out;
};

struct SweepArguments {
  ScenarioArguments scenario;
  std::vector<std::string> axes;  // PATH=VALUES
  scenarios::DesignKind kind = scenarios::DesignKind::grid;
  std::size_t samples = 0;
  std::string shard_text;             // "i/n"; empty: all points
  std::size_t shard = 0, shards = 1;  // its meaning, from 0
  bool merge = false;                 // run nothing, gather what shards have done
  std::string sqlite;                 // file; empty: none
  int jobs = 0;
  std::string out;
};

struct PlanArguments {
  ScenarioArguments scenario;
  std::string workload;                     // of --max-load
  std::vector<std::string> sizes;           // PATH=LOW..HIGH
  std::vector<std::string> prices;          // PATH=COST
  double resolution = 0, indifference = 0;  // 0: the default
  int jobs = 0;
  std::string out;
};

struct MetastabilityArguments {
  ScenarioArguments scenario;
  std::string fault;                    // name or number; empty: the first
  std::string loads, durations, sizes;  // factors, as a sweep's values; empty: the default
  double resolution = 0;                // 0: the default
  bool no_hysteresis = false;
  int jobs = 0;
  std::string out;
};

struct RareArguments {
  ScenarioArguments scenario;      // replications: exactly so many repetitions
  std::string event, guide;        // as scenarios/rare/event.hpp reads them; guide empty: the event
  std::string from;                // of the run; empty: the end of its warm-up
  double precision = 0;            // relative; 0: the default
  std::uint32_t trajectories = 0;  // 0: found by trial
  std::int64_t max_events = 0;     // 0: the default
  std::string max_time;            // empty: no bound
  bool always_split = false;
  int jobs = 0;
  std::string out;
};

struct SensitivityArguments {
  ScenarioArguments scenario;
  std::vector<std::string> paths;
  double step = 0;  // relative; 0: the default
  std::string primary;
  int jobs = 0;
  std::string out;
};

enum class ReportFormat : std::uint8_t { text, markdown, html };

struct ReportArguments {
  std::vector<std::string> results;  // folders that run --out wrote
  ReportFormat format = ReportFormat::text;
  std::string out;  // file; empty: standard output
};

struct ImportArguments {
  std::string format, file;
  std::optional<double> rate;  // of requests, per second
  std::string out;             // file; empty: standard output
  bool quiet = false;
};

struct DescribeArguments {
  std::string name;  // empty: the list
  bool markdown = false;
};

struct ListArguments {
  std::string word;  // empty: everything
  bool markdown = false;
  OutputFormat format = OutputFormat::text;
};

int run_command(const RunArguments& arguments);
int compare_command(const CompareArguments& arguments);
int sweep_command(const SweepArguments& arguments);
int plan_command(const PlanArguments& arguments);
int metastability_command(const MetastabilityArguments& arguments);
int rare_command(const RareArguments& arguments);
int sensitivity_command(const SensitivityArguments& arguments);
int report_command(const ReportArguments& arguments);
int check_command(const ScenarioArguments& arguments);
int import_command(const ImportArguments& arguments);
int describe_command(const DescribeArguments& arguments);
int schema_command();
int list_command(const ListArguments& arguments);
int show_command(const std::string& name);
int version_command(OutputFormat format);
int view_command(const std::vector<std::string>& arguments);  // returns only where it cannot start

}  // namespace tailrace::cli
