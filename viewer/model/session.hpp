#pragma once
// A scenario that is being looked at: the run in a thread of its own, the time that is shown, and the changes
// that were made on the way.
//
// The run never waits for a frame: it is simulated as fast as it goes and leaves immutable Historys behind,
// the last of which view() hands out under a lock that is held for a pointer's copy. What moves at the speed
// that was asked for is the playhead, up to the frontier of what has been simulated. So scrubbing is free, a
// paused session costs nothing, and slow motion is as exact as the fastest.
//
// An edit changes the scenario document, and the run is done again from its start: what is shown is always
// what `tailrace run` would do with the scenario that save() writes. A fault that is injected starts at the
// playhead, so everything before stays as it was; a field that is set changes the whole run.
//
// One thread (the viewer's) calls all functions here; none of them waits for the simulation but wait_*().
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/cascade/cascade_report.hpp"
#include "models/field/diagnostics.hpp"
#include "models/field/document.hpp"
#include "models/runtime/record.hpp"
#include "viewer/model/moment.hpp"
#include "viewer/model/scene.hpp"
#include "viewer/model/timeline.hpp"

namespace tailrace::viewer {

struct StoredTraces;  // viewer/model/stored_traces.hpp
struct TailTraces;    // viewer/model/tail_view.hpp

struct SessionOptions {
  std::string variant;
  std::vector<std::string> overrides;  // PATH=VALUE
  std::optional<std::uint64_t> seed;
  std::uint32_t replication = 0;
  bool allow_outside_includes = false;
};

// What is known when a run has ended.
struct FinishedRun {
  models::RunRecord record;
  analysis::CascadeReport cascade;  // of this one run, with its story
  analysis::Cascade detail;         // hits, triggers, causes with the exact ids
  std::string trajectory, result;   // fingerprints, as `tailrace run` prints them for a single replication
};

// Of a stored run that was opened.
struct StoredRun {
  std::string folder;
  // As its summary.json has them.
  std::string result;  // fingerprint
  std::string status;  // "completed", "event_budget"
  std::uint64_t seed = 0;
  int replications = 1;
  enum class Check : unsigned char { pending, same, different } check = Check::pending;
  std::string note;  // in words
};

enum class RunState : unsigned char { compiling, running, complete, ended_early, broken };

// A consistent picture; immutable. Compare `run` to see whether everything is of another run.
struct SessionView {
  std::uint64_t run = 0;      // counts up with each run that is started
  std::uint64_t version = 0;  // counts up with each publication
  RunState state = RunState::compiling;
  std::string message;  // why it ended early, or what is wrong with the last edit
  std::shared_ptr<const Scene> scene;
  std::shared_ptr<const History> history;
  std::shared_ptr<const FinishedRun> finished;  // null while it runs
  std::uint64_t events = 0;
  double events_per_s = 0;  // of the wall clock
};

struct EditResult {
  bool ok = true;
  std::string message;  // one line for people; what is wrong when it is not ok
  std::string hint;
};

// One change since the scenario was opened, for the list of changes.
struct Edit {
  double at_s = 0;   // the playhead then; 0 of what the command line changed of a stored run
  std::string text;  // "set services.cart.workers = 4", "inject pause server", "lift standstill"

  bool operator==(const Edit&) const = default;
};

// A fault as it is written, without start: it starts at the playhead.
struct FaultRequest {
  std::string type;                                         // "pod_kill"
  std::string target;                                       // "server", "orders -> payments"
  std::optional<double> duration_s;                         // none: until it is lifted
  std::vector<std::pair<std::string, std::string>> fields;  // of the type's own: {"factor", "3"}
};
struct FaultOffer {  // what can be injected, for menus
  std::string type, about;
  std::vector<std::pair<std::string, std::string>> fields;  // with values that make sense to begin with
};

class Session {
 public:
  // A scenario's file, or a folder that `run --out` wrote: what the options change of a stored run is an
  // edit, which can be undone. Null: `diagnostics` or `error` says why.
  static std::unique_ptr<Session> open(const std::string& path, const SessionOptions& options,
                                       models::Diagnostics& diagnostics,
                                       std::vector<models::SourceFile>& files, std::string& error);
  // A text, for tests.
  static std::unique_ptr<Session> open_text(const std::string& text, const SessionOptions& options,
                                            models::Diagnostics& diagnostics);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // --- what there is to see
  std::shared_ptr<const SessionView> view() const;  // never null
  const std::string& path() const;
  const std::optional<StoredRun>& stored() const;
  const models::ScenarioDoc& document() const;  // with all edits
  std::int64_t replications() const;            // that the scenario asks for; what is seen is one of them
  const std::vector<Edit>& edits() const;
  std::string result_of_scenario() const;  // fingerprint of finished, "" while it runs

  // --- time
  double playhead_s() const;
  double duration_s() const;
  double end_s() const;  // where what can be shown ends: the run's duration, or where it ended early
  bool playing() const;
  double speed() const;  // simulated seconds per second; infinite: as fast as it is simulated
  void play();
  void pause();
  void set_speed(double speed);       // kSlowest .. kFastest, or infinity
  void seek(double t_s);              // waits at the frontier until the run has come there
  void step(int slices);              // forward, or back where negative; pauses
  void advance(double wall_seconds);  // once per frame
  double wanted_s() const;            // where seek wants to be, while the frontier is before it
  // After an edit view() stays with the old run until the new one has come to the playhead: how far it is;
  // -1 when there is no such run.
  double pending_s() const;

  // --- single calls and exact state. follow(true): moment() keeps up with the playhead while it moves slowly
  // enough (kDotSpeed) or stands; it comes some milliseconds after the playhead has moved.
  void follow(bool on);
  std::shared_ptr<const Moment> moment() const;  // null: none yet
  // The exact state at a time; waits for it, at most as long as the run takes. For tests and screenshots.
  std::shared_ptr<const Moment> wait_moment(double t_s, double length_s);

  // --- where requests spent their time. Asked for a stretch, a second run of the same follows the requests
  // that ended in it, once the first is over; traces() is of the shown run, and of the stretch it says.
  void want_traces(TimeRange range);
  std::shared_ptr<const TailTraces> traces() const;  // null: none yet
  bool tracing() const;                              // more are on their way
  bool wait_traces(double seconds) const;
  // What a stored run kept of single requests; null where nothing is stored, before it has been read, and of
  // a run that was changed since.
  std::shared_ptr<const StoredTraces> stored_traces() const;
  bool wait_stored(double seconds) const;  // until they have been read

  // --- changes; the run begins again, the playhead stays
  EditResult set_field(const std::string& path, const std::string& value);
  EditResult unset_field(const std::string& path);
  EditResult set_load(double factor);  // of all workloads, in the whole run, relative to the scenario's own
  double load() const;
  EditResult inject(const FaultRequest& fault);
  EditResult lift(int scene_fault);  // at the playhead; a fault that has not begun is taken out
  EditResult set_seed(std::uint64_t seed);
  std::uint64_t seed() const;
  EditResult undo();  // the last edit
  std::vector<FaultOffer> offers_for_node(int node) const;
  std::vector<FaultOffer> offers_for_edge(int edge) const;

  // A scenario that `tailrace run` can run: one replication, with the fingerprints of this session.
  EditResult save(const std::string& path) const;
  std::string scenario_text() const;

  // --- waiting: false after `seconds` of the wall clock
  bool wait_complete(double seconds) const;
  bool wait_frontier(double t_s, double seconds) const;

  static constexpr double kSlowest = 1e-4, kFastest = 1e4;
  static constexpr double kDotSpeed = 0.5;

 private:
  Session();
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace tailrace::viewer
