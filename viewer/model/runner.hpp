#pragma once
// The two threads of a session: the run as a whole, and the run up to a moment. Each takes the newest job
// that it is given and drops what it does for an older one; what they find is handed over as immutable
// pictures.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/topology/topology.hpp"
#include "viewer/model/run_watch.hpp"
#include "viewer/model/session.hpp"
#include "viewer/model/worker.hpp"

namespace tailrace::viewer {

struct RunJob {
  std::uint64_t run = 0;
  std::shared_ptr<const models::Topology> topology;  // one replication
  std::uint32_t replication = 0;
  std::size_t injected_from = static_cast<std::size_t>(-1);
  // A stored run whose requests are to be read, and whose fingerprint to be compared: with all its
  // replications.
  std::shared_ptr<const models::Topology> stored;
  StoredRun stored_run;
};

struct StoredAnswer {
  StoredRun::Check check = StoredRun::Check::pending;
  std::string note;
};

class Runner {
 public:
  void start(RunJob job);
  std::shared_ptr<const SessionView> latest() const;
  std::optional<StoredAnswer> stored_answer() const;
  std::shared_ptr<const StoredTraces> stored_traces() const;
  bool wait_stored(double seconds) const;  // until they are read, or never will be
  // Waits until ready(view) or the time is over.
  template <class Ready>
  bool wait(double seconds, Ready ready) const {
    std::unique_lock lock(worker_.mutex);
    return worker_.changed.wait_for(lock, std::chrono::duration<double>(seconds),
                                    [&] { return ready(*view_); });
  }
  // What the moment's run needs of this one.
  struct Ready {
    std::uint64_t run = 0;
    std::shared_ptr<const Scene> scene;
    std::int64_t warmup_ns = 0;
    std::uint32_t replication = 0;
  };
  Ready ready() const;

 private:
  void work();
  void one(const RunJob& job);
  void check_stored(const RunJob& job, const FinishedRun& finished);
  void publish(SessionView view);
  bool stale() const { return worker_.stop.load() != 0; }

  std::shared_ptr<const SessionView> view_ = std::make_shared<SessionView>();
  std::optional<StoredAnswer> stored_;
  std::shared_ptr<const StoredTraces> stored_traces_;
  std::optional<RunJob> job_;
  Ready ready_;
  std::uint64_t version_ = 0;
  Worker worker_{[this] { work(); }};
};

class Scout {
 public:
  // The newest request counts.
  void want(const Runner::Ready& of, double t_s, double length_s);
  std::shared_ptr<const Moment> latest() const;
  std::shared_ptr<const Moment> wait(std::uint64_t run, double t_s, double seconds) const;
  bool idle() const;  // the last request has been met

 private:
  void work();

  std::shared_ptr<const Moment> moment_;
  Runner::Ready of_;
  MomentRequest request_;
  std::uint64_t served_ = 0;
  Worker worker_{[this] { work(); }};
};

}  // namespace tailrace::viewer
