#include "viewer/model/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "models/fault/fault.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/format/write.hpp"
#include "scenarios/run/load.hpp"
#include "viewer/model/document_edits.hpp"
#include "viewer/model/runner.hpp"
#include "viewer/model/stored_traces.hpp"
#include "viewer/model/tail_tracer.hpp"

namespace tailrace::viewer {

namespace {

namespace fs = std::filesystem;

constexpr double kStandingLength = 0.02;  // simulated seconds of single calls around a playhead that stands
constexpr double kAheadWall = 0.25;       // wall seconds of calls that are known beyond one that moves
constexpr double kMostTraced = 20'000;    // requests that are followed for the tail panel
constexpr double kWaitForMoment = 600;    // a backstop

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// The scenario as it is at one point of the session; an edit makes the next.
struct State {
  models::ScenarioDoc doc;  // without the load factor
  double load = 1;
  std::size_t own_faults = 0;
  std::vector<Edit> edits;
};

std::shared_ptr<models::Topology> build(const models::ScenarioDoc& doc, models::Diagnostics& diagnostics) {
  std::optional<models::Topology> topology = scenarios::checked_topology(doc, diagnostics);
  return topology ? std::make_shared<models::Topology>(std::move(*topology)) : nullptr;
}

}  // namespace

struct Session::Body {
  std::string path;
  SessionOptions options;
  std::vector<State> states;  // the last is the present one
  models::ScenarioDoc shown;  // with the load factor
  std::shared_ptr<const models::Topology> topology;
  std::int64_t replications = 1;  // that the scenario asks for; one of them is run
  std::optional<StoredRun> stored;
  std::uint64_t run = 0;

  double playhead = 0, wanted = 0, speed = 10;
  bool playing = false, follow = false;
  mutable std::shared_ptr<const SessionView> picture;  // what view() showed last
  std::vector<FaultOffer> offers;

  Runner runner;
  Scout scout;
  TailTracer tracer;

  const State& now() const { return states.back(); }
  double duration() const { return static_cast<double>(topology->run.duration.ns) * 1e-9; }

  // The topology of a state, one replication. Null: diagnostics say why.
  std::shared_ptr<models::Topology> realise(const State& state, models::ScenarioDoc& doc,
                                            models::Diagnostics& diagnostics) const {
    doc = state.doc;
    if (state.load != 1) {
      const std::shared_ptr<models::Topology> base = build(doc, diagnostics);
      if (base == nullptr) return nullptr;
      const std::vector<std::string> changes = scaled_load(doc, *base, state.load);
      if (changes.empty()) {
        diagnostics.error({}, "workloads", "no workload has a rate or virtual users that could be changed");
        return nullptr;
      }
      scenarios::override_scenario(doc, changes, "the load", diagnostics);
      if (!diagnostics.ok()) return nullptr;
    }
    models::Diagnostics found;
    std::shared_ptr<models::Topology> built = build(doc, found);
    if (built == nullptr) diagnostics = found;
    return built;
  }

  EditResult enter(State next, const std::string& text) {
    models::Diagnostics diagnostics;
    models::ScenarioDoc doc;
    std::shared_ptr<models::Topology> built = realise(next, doc, diagnostics);
    if (built == nullptr) return told(diagnostics, "");
    next.edits.push_back({playhead, text});
    states.push_back(std::move(next));
    adopt(std::move(built), std::move(doc));
    return {true, text, ""};
  }

  void adopt(std::shared_ptr<models::Topology> built, models::ScenarioDoc doc) {
    shown = std::move(doc);
    RunJob job;
    if (stored && states.size() == 1) {
      job.stored = std::make_shared<const models::Topology>(*built);
      job.stored_run = *stored;
    }
    replications = std::exchange(built->run.replications, 1);
    topology = std::move(built);
    job.run = ++run;
    job.topology = topology;
    job.replication = options.replication;
    job.injected_from = now().own_faults;
    runner.start(std::move(job));
    wanted = std::min(wanted, duration());
  }

  // With its overrides where the file was read without them; `files` for diagnostics to quote.
  bool begin(models::ScenarioDoc doc, std::vector<std::string> overrides, models::Diagnostics& diagnostics,
             std::vector<models::SourceFile>& files) {
    models::ScenarioDoc changed = doc;
    scenarios::override_scenario(changed, overrides, "--set", diagnostics);
    if (options.seed) {
      const std::string seed = fmt::format("run.seed={}", *options.seed);
      scenarios::override_scenario(changed, {seed}, "--seed", diagnostics);
      overrides.push_back(seed);
    }
    files = changed.files;
    if (!diagnostics.ok()) return false;
    std::shared_ptr<models::Topology> built;
    if (stored && !scenarios::same_tree(doc.root, changed.root)) {
      built = build(doc, diagnostics);
      if (built == nullptr) return false;
      states.push_back({std::move(doc), 1, built->faults.size(), {}});
    }
    built = build(changed, diagnostics);
    if (built == nullptr) return false;
    State first{changed, 1, built->faults.size(), {}};
    if (!states.empty()) first.edits.push_back({0, fmt::format("set {}", fmt::join(overrides, ", "))});
    states.push_back(std::move(first));
    // The whole run in a minute, in a round number.
    const double per_minute = static_cast<double>(built->run.duration.ns) * 1e-9 / 60;
    speed = std::clamp(std::pow(2.0, std::round(std::log2(std::max(per_minute, 1e-4)))), kSlowest, kFastest);
    adopt(std::move(built), std::move(changed));
    return true;
  }

  std::shared_ptr<const SessionView> look() const {
    const std::shared_ptr<const SessionView> latest = runner.latest();
    const bool usable = latest->scene != nullptr && latest->history != nullptr;
    if (picture == nullptr || picture->scene == nullptr) return picture = latest;
    if (!usable) return latest->run >= picture->run ? broken_on_top(latest) : picture;
    if (latest->run == picture->run) return picture = latest;
    // Another run: the old picture stays until it has come to the playhead.
    const bool there = latest->state != RunState::running || latest->history->frontier_s() >= wanted;
    if (there && latest->run == run) picture = latest;
    return picture;
  }
  // What went wrong is said over the picture that there was.
  std::shared_ptr<const SessionView> broken_on_top(const std::shared_ptr<const SessionView>& latest) const {
    if (latest->state != RunState::broken || picture->run == latest->run) return picture;
    auto over = std::make_shared<SessionView>(*picture);
    over->run = latest->run;
    over->version = latest->version;
    over->state = RunState::broken;
    over->message = latest->message;
    return picture = over;
  }

  double frontier() const {
    const std::shared_ptr<const SessionView> v = look();
    if (v->history == nullptr) return 0;
    return v->history->complete() && v->state == RunState::complete ? duration() : v->history->frontier_s();
  }

  double end() const {
    const std::shared_ptr<const SessionView> v = look();
    const bool over = v->state != RunState::running && v->state != RunState::compiling;
    return over && v->run == run ? frontier() : duration();
  }

  void keep_moment() {
    if (!follow || (playing && speed > kDotSpeed)) return;
    const Runner::Ready of = runner.ready();
    if (of.scene == nullptr || of.run != look()->run || !scout.idle()) return;
    const std::shared_ptr<const Moment> m = scout.latest();
    const bool of_this = m != nullptr && m->run == of.run;
    if (!playing) {
      if (!of_this || std::abs(m->at_s - playhead) > 1e-9) scout.want(of, playhead, kStandingLength);
      return;
    }
    const double length = std::max(1e-6, speed * kAheadWall);
    if (of_this && m->from_s <= playhead && playhead <= m->until_s + 2 * length) {
      if (playhead > (m->at_s + m->until_s) / 2 && m->until_s < duration())
        scout.want(of, std::max(playhead, m->until_s), length);
      return;
    }
    scout.want(of, playhead, length);
  }
};

Session::Session() : body_(std::make_unique<Body>()) {}
Session::~Session() = default;

std::unique_ptr<Session> Session::open(const std::string& path, const SessionOptions& options,
                                       models::Diagnostics& diagnostics,
                                       std::vector<models::SourceFile>& files, std::string& error) {
  std::unique_ptr<Session> session(new Session());
  Body& b = *session->body_;
  b.path = path;
  b.options = options;
  std::error_code code;
  fs::path file = path;
  if (fs::is_directory(file, code)) {
    StoredRun stored;
    stored.folder = path;
    error = read_stored_summary(stored);
    if (!error.empty()) {
      error += "; a folder to view is one that `tailrace run --out` has written";
      return nullptr;
    }
    file /= "scenario.yaml";
    if (!fs::exists(file, code)) {
      error = fmt::format("{} does not exist: this run did not keep its scenario; run it again with --out",
                          file.string());
      return nullptr;
    }
    b.stored = std::move(stored);
  }
  scenarios::ReadOptions read;
  read.allow_outside_includes = options.allow_outside_includes;
  read.variant = options.variant;
  // Of a stored run they are told from what was stored.
  if (!b.stored) read.overrides = options.overrides;
  const std::vector<std::string> later = b.stored ? options.overrides : std::vector<std::string>();
  scenarios::ReadResult result = scenarios::read_scenario(file.string(), read, diagnostics);
  files = result.doc.files;
  if (result.status != scenarios::ReadStatus::ok || !diagnostics.ok()) return nullptr;
  if (!b.begin(std::move(result.doc), later, diagnostics, files)) return nullptr;
  return session;
}

std::unique_ptr<Session> Session::open_text(const std::string& text, const SessionOptions& options,
                                            models::Diagnostics& diagnostics) {
  std::unique_ptr<Session> session(new Session());
  Body& b = *session->body_;
  b.path = "a text";
  b.options = options;
  scenarios::ReadOptions read;
  read.variant = options.variant;
  read.overrides = options.overrides;
  scenarios::ReadResult result = scenarios::read_scenario_text(text, b.path, read, diagnostics);
  if (result.status != scenarios::ReadStatus::ok || !diagnostics.ok()) return nullptr;
  std::vector<models::SourceFile> ignored;
  if (!b.begin(std::move(result.doc), {}, diagnostics, ignored)) return nullptr;
  return session;
}

std::shared_ptr<const SessionView> Session::view() const {
  return body_->look();
}

const std::string& Session::path() const {
  return body_->path;
}

const std::optional<StoredRun>& Session::stored() const {
  if (body_->stored && body_->stored->check == StoredRun::Check::pending) {
    if (const std::optional<StoredAnswer> answer = body_->runner.stored_answer()) {
      body_->stored->check = answer->check;
      body_->stored->note = answer->note;
    }
  }
  return body_->stored;
}

const models::ScenarioDoc& Session::document() const {
  return body_->shown;
}

std::int64_t Session::replications() const {
  return body_->replications;
}

const std::vector<Edit>& Session::edits() const {
  return body_->now().edits;
}

std::string Session::result_of_scenario() const {
  const std::shared_ptr<const SessionView> v = body_->look();
  return v->finished == nullptr ? std::string() : v->finished->result;
}

// --- time

double Session::playhead_s() const {
  return body_->playhead;
}

double Session::duration_s() const {
  return body_->duration();
}

double Session::end_s() const {
  return body_->end();
}

bool Session::playing() const {
  return body_->playing;
}

double Session::speed() const {
  return body_->speed;
}

void Session::play() {
  if (body_->playhead >= end_s() - 1e-9) seek(0);
  body_->playing = true;
}

void Session::pause() {
  body_->playing = false;
}

void Session::set_speed(double speed) {
  if (std::isnan(speed)) return;
  body_->speed = std::isinf(speed) && speed > 0 ? speed : std::clamp(speed, kSlowest, kFastest);
}

void Session::seek(double t_s) {
  if (std::isnan(t_s)) return;
  body_->wanted = std::clamp(t_s, 0.0, duration_s());
  body_->playhead = std::min(body_->wanted, body_->frontier());
}

void Session::step(int slices) {
  pause();
  const std::shared_ptr<const SessionView> v = view();
  if (v->history == nullptr) return;
  const double length = v->history->slice_s();
  // To the end of the next slice, or of the one before.
  const double place = body_->playhead / length;
  const double from = slices > 0 ? std::floor(place + 1e-6) : std::ceil(place - 1e-6);
  seek((from + slices) * length);
}

void Session::advance(double wall_seconds) {
  Body& b = *body_;
  const double frontier = b.frontier();
  // A time that has not been simulated yet is waited for: playing goes on from there.
  if (b.playing && wall_seconds > 0 && b.wanted <= frontier) {
    b.wanted = std::isinf(b.speed) ? frontier : b.wanted + wall_seconds * b.speed;
    b.wanted = std::min(b.wanted, b.duration());
  }
  b.playhead = std::min(b.wanted, frontier);
  if (b.playing && b.playhead >= b.end()) b.playing = false;
  b.keep_moment();
}

double Session::wanted_s() const {
  return body_->wanted;
}

double Session::pending_s() const {
  const std::shared_ptr<const SessionView> shown = body_->look(), latest = body_->runner.latest();
  if (shown->run == body_->run) return -1;
  return latest->run == body_->run && latest->history != nullptr ? latest->history->frontier_s() : 0;
}

void Session::follow(bool on) {
  body_->follow = on;
}

std::shared_ptr<const Moment> Session::moment() const {
  const std::shared_ptr<const Moment> m = body_->scout.latest();
  return m != nullptr && m->run == body_->look()->run ? m : nullptr;
}

std::shared_ptr<const Moment> Session::wait_moment(double t_s, double length_s) {
  const std::uint64_t run = body_->run;
  const auto compiled = [run](const SessionView& v) {
    return v.run == run && (v.scene || v.state == RunState::broken);
  };
  if (!body_->runner.wait(kWaitForMoment, compiled)) return nullptr;
  const Runner::Ready of = body_->runner.ready();
  if (of.run != run) return nullptr;
  body_->scout.want(of, t_s, length_s);
  return body_->scout.wait(run, std::clamp(t_s, 0.0, duration_s()), kWaitForMoment);
}

// --- traces

void Session::want_traces(TimeRange range) {
  const std::shared_ptr<const SessionView> v = body_->look();
  const Runner::Ready of = body_->runner.ready();
  if (v->finished == nullptr || v->run != body_->run || of.run != v->run) return;
  range.t0_s = std::clamp(range.t0_s, 0.0, duration_s());
  range.t1_s = std::clamp(range.t1_s, 0.0, duration_s());
  if (range.length() <= 0) return;
  const Figures figures = v->history->figures(range);
  const double requests = (figures.load.goodput + figures.load.failed) * figures.range.length();
  std::uint64_t every = 1;
  while (requests / static_cast<double>(every) > kMostTraced) every *= 2;
  body_->tracer.want(of, range, every);
}

std::shared_ptr<const TailTraces> Session::traces() const {
  const std::shared_ptr<const TailTraces> traces = body_->tracer.latest();
  return traces != nullptr && traces->run == body_->look()->run ? traces : nullptr;
}

bool Session::tracing() const {
  return body_->tracer.busy();
}

bool Session::wait_traces(double seconds) const {
  return body_->tracer.wait(seconds);
}

std::shared_ptr<const StoredTraces> Session::stored_traces() const {
  return body_->stored && body_->states.size() == 1 ? body_->runner.stored_traces() : nullptr;
}

bool Session::wait_stored(double seconds) const {
  if (!body_->stored || body_->states.size() != 1) return true;
  return body_->runner.wait_stored(seconds);
}

// --- changes

EditResult Session::set_field(const std::string& path, const std::string& value) {
  State next = body_->now();
  models::Diagnostics diagnostics;
  scenarios::override_scenario(next.doc, {path + "=" + value}, "edit", diagnostics);
  if (!diagnostics.ok()) return told(diagnostics, "");
  return body_->enter(std::move(next), fmt::format("set {} = {}", path, value));
}

EditResult Session::unset_field(const std::string& path) {
  State next = body_->now();
  if (!erase_path(next.doc.root, path)) return {false, path + " is not written in the scenario", ""};
  return body_->enter(std::move(next), fmt::format("unset {}", path));
}

EditResult Session::set_load(double factor) {
  if (!std::isfinite(factor) || factor <= 0 || factor > 1e6)
    return {false, "the load is a factor greater than 0", "1 is the scenario's own load"};
  State next = body_->now();
  next.load = factor;
  return body_->enter(std::move(next), fmt::format("load x {:.4g}", factor));
}

double Session::load() const {
  return body_->now().load;
}

EditResult Session::inject(const FaultRequest& fault) {
  State next = body_->now();
  const auto ns = static_cast<std::int64_t>(std::llround(body_->playhead * 1e9));
  add_fault(next.doc.root, fault, ns);
  return body_->enter(std::move(next), fmt::format("inject {} on {}", fault.type, fault.target));
}

EditResult Session::lift(int scene_fault) {
  const std::shared_ptr<const SessionView> v = view();
  // Until a new run can be shown, or where it could not be made, the picture is of a run before it, whose
  // faults have other numbers.
  if (v->scene == nullptr || v->scene->model->topology != body_->topology)
    return {
        false, "what is shown is of another run than the scenario as it is now",
        v->state == RunState::broken ? "undo the change that could not be run" : "wait until it is there"};
  if (scene_fault < 0 || at(scene_fault) >= v->scene->faults.size())
    return {false, "there is no such fault", ""};
  const SceneFault& shown = v->scene->faults[at(scene_fault)];
  const models::Fault& fault = body_->topology->faults[at(shown.fault)];
  std::uint64_t begun = 0;
  for (const FaultBar& bar : v->history->bars())
    if (bar.fault == scene_fault && bar.start_s <= body_->playhead) ++begun;
  State next = body_->now();
  const auto ns = static_cast<std::int64_t>(std::llround(body_->playhead * 1e9));
  const std::string wrong = end_fault(next.doc.root, shown.path, fault, ns, begun);
  if (!wrong.empty()) return {false, wrong, ""};
  if (fault.start.ns >= ns && at(shown.fault) < next.own_faults) --next.own_faults;  // taken out
  return body_->enter(std::move(next), fmt::format("lift {}", shown.name));
}

EditResult Session::set_seed(std::uint64_t seed) {
  State next = body_->now();
  models::Diagnostics diagnostics;
  scenarios::override_scenario(next.doc, {fmt::format("run.seed={}", seed)}, "edit", diagnostics);
  if (!diagnostics.ok()) return told(diagnostics, "");
  return body_->enter(std::move(next), fmt::format("seed {}", seed));
}

std::uint64_t Session::seed() const {
  return body_->topology->run.seed;
}

EditResult Session::undo() {
  Body& b = *body_;
  if (b.states.size() < 2) return {false, "there is nothing to undo", ""};
  const std::string what = b.now().edits.back().text;
  b.states.pop_back();
  models::Diagnostics diagnostics;
  models::ScenarioDoc doc;
  std::shared_ptr<models::Topology> built = b.realise(b.now(), doc, diagnostics);
  if (built == nullptr) return told(diagnostics, "");  // it was good before
  b.adopt(std::move(built), std::move(doc));
  return {true, "undone: " + what, ""};
}

std::vector<FaultOffer> Session::offers_for_node(int node) const {
  const std::shared_ptr<const SessionView> v = view();
  if (v->scene == nullptr || node < 0 || at(node) >= v->scene->nodes.size()) return {};
  const SceneNode& n = v->scene->nodes[at(node)];
  unsigned takes = 0;
  if (!n.workloads.empty()) takes |= models::kTakesWorkloads;
  if (!n.stations.empty()) takes |= models::kTakesInstances;
  if (n.icon == NodeKind::cache) takes |= models::kTakesCaches;
  return fault_offers(takes);
}

std::vector<FaultOffer> Session::offers_for_edge(int edge) const {
  const std::shared_ptr<const SessionView> v = view();
  if (v->scene == nullptr || edge < 0 || at(edge) >= v->scene->edges.size()) return {};
  unsigned takes = models::kTakesRequests;
  if (v->scene->edges[at(edge)].network) takes |= models::kTakesLinks;
  return fault_offers(takes);
}

// --- saving

std::string Session::scenario_text() const {
  return session_text(body_->shown, edits());
}

EditResult Session::save(const std::string& path) const {
  if (body_->options.replication != 0)
    return {false, "this is not the first replication, which is what a saved scenario runs",
            "open it without --replication"};
  return save_session(body_->shown, edits(), path);
}

bool Session::wait_complete(double seconds) const {
  const std::uint64_t run = body_->run;
  return body_->runner.wait(seconds, [run](const SessionView& v) {
    return v.run == run && v.state != RunState::running && v.state != RunState::compiling;
  });
}

bool Session::wait_frontier(double t_s, double seconds) const {
  const std::uint64_t run = body_->run;
  return body_->runner.wait(seconds, [run, t_s](const SessionView& v) {
    if (v.run != run) return false;
    return (v.history != nullptr && v.history->frontier_s() >= t_s) ||
           (v.state != RunState::running && v.state != RunState::compiling);
  });
}

}  // namespace tailrace::viewer
