#pragma once
// The two that look at a session's runs: one leaves slices behind while the run goes, as fast as it goes; the
// other stops a run of its own where single calls are wanted, and looks at every event there.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "models/runtime/watch.hpp"
#include "viewer/model/moment.hpp"
#include "viewer/model/sampler.hpp"
#include "viewer/model/scene.hpp"
#include "viewer/model/timeline.hpp"

namespace tailrace::viewer {

class HistoryWatch final : public models::RunWatch {
 public:
  using Publish = std::function<void(std::shared_ptr<const History>)>;
  // `stop`: non-zero ends the run. Publishes now and then, from the run's thread.
  HistoryWatch(std::shared_ptr<const Scene> scene, std::int64_t warmup_ns, const std::atomic<int>& stop,
               Publish publish);
  std::int64_t look(const models::Peek& peek) override;
  void succeeded(std::uint32_t workload, std::int64_t took_ns) override {
    sampler_.succeeded(workload, took_ns);
  }
  std::shared_ptr<const History> history(bool complete) const;
  // The run is over: faults that are still on, and what the record knows better than slices.
  void finish(const models::RunRecord& record);

 private:
  void note_changes(const Slice& before, const Slice& after);
  void note_faults(const std::vector<models::FaultActivation>& activations, std::int64_t now_ns);
  void change(std::int64_t at_ns, ChangeKind kind, int node, int edge, int fault, std::string text);

  std::shared_ptr<const Scene> scene_;
  Sampler sampler_;
  std::int64_t slice_ns_, duration_ns_, warmup_ns_;
  const std::atomic<int>& stop_;
  Publish publish_;
  std::vector<std::shared_ptr<const Slice>> slices_;
  std::vector<FaultBar> bars_;
  std::vector<Change> changes_;
  std::chrono::steady_clock::time_point published_;
};

// Calls as the frames show them, from one event to the next.
class CallTracer {
 public:
  CallTracer(const Scene& scene, std::uint64_t first_id);
  // What is under way when tracing begins; then after each event.
  void look(const models::Peek& peek);
  // Dots that had not ended by `from_ns`; earlier ones are forgotten.
  std::vector<Dot> dots(std::int64_t from_ns);
  std::size_t count() const { return dots_.size(); }
  std::size_t looked_at() const { return attempts_.size(); }  // the last time

 private:
  struct Tracked {
    models::AttemptPeek last;
    std::size_t dot = kNone;  // in dots_
    bool arrived = false, served = false;
    std::uint64_t seen = 0;  // the look at which it was last there
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  void begin(Tracked& tracked, const models::AttemptPeek& a, std::int64_t now);
  void end(Tracked& tracked, std::int64_t now, const models::Peek& peek);
  models::Outcome outcome_of(std::uint32_t edge, const models::Peek& peek);

  const Scene& scene_;
  std::vector<models::AttemptPeek> attempts_;
  std::vector<Tracked> slots_;
  std::vector<std::uint32_t> live_;
  std::vector<Dot> dots_;
  std::vector<models::EdgeRecord> counts_;  // of each edge when an end on it was last looked at
  std::vector<std::uint64_t> counted_;      // in which look
  std::uint64_t looks_ = 1;                 // the number of the last
  std::uint64_t next_id_;
};

struct MomentRequest {
  double t_s = 0, length_s = 0;
  std::uint64_t serial = 0;  // a new number is a new request
};

class MomentWatch final : public models::RunWatch {
 public:
  // next(found, wanted): takes what has been found, and waits for a request; false ends the run.
  using Next = std::function<bool(std::shared_ptr<const Moment>, MomentRequest&)>;
  MomentWatch(std::shared_ptr<const Scene> scene, std::uint64_t run, MomentRequest first,
              const std::atomic<int>& stop, Next next);
  std::int64_t look(const models::Peek& peek) override;
  // It ended the run because a request lies before where the run is.
  bool gave_up() const { return gave_up_; }
  // The run has ended before the request was met: what there is.
  std::shared_ptr<const Moment> rest();

 private:
  void aim(const MomentRequest& request, std::int64_t now_ns);
  void take_state(const models::Peek& peek);
  std::shared_ptr<const Moment> moment(std::int64_t until_ns);

  std::shared_ptr<const Scene> scene_;
  std::uint64_t run_;
  MomentRequest request_;
  const std::atomic<int>& stop_;
  Next next_;
  std::unique_ptr<CallTracer> tracer_;
  std::uint64_t next_id_ = 1;
  std::int64_t from_ns_ = 0, at_ns_ = 0, until_ns_ = 0;  // of the request
  std::int64_t reached_ns_ = 0;
  std::int64_t traced_from_ns_ = 0;
  bool state_taken_ = false, gave_up_ = false;
  std::size_t work_ = 0;  // frames looked at for this request
  std::vector<models::InstancePeek> instances_;
  Moment found_;
};

}  // namespace tailrace::viewer
