#pragma once
// Follows the requests of a stretch of a run, in a thread of its own: the same model with the same seed goes
// again from its start to the stretch's end, and statistics (and with them what is kept of requests) begin at
// the stretch's start. A run is deterministic, so these are the requests that the first run had; that one is
// not slowed down, for this one begins when it is over. A new stretch or a new run ends what is under way.
#include <cstdint>
#include <memory>

#include "viewer/model/runner.hpp"
#include "viewer/model/tail_view.hpp"
#include "viewer/model/worker.hpp"

namespace tailrace::viewer {

class TailTracer {
 public:
  // Follows one request in `every`.
  void want(const Runner::Ready& of, TimeRange range, std::uint64_t every);
  std::shared_ptr<const TailTraces> latest() const;
  bool busy() const;
  bool wait(double seconds) const;  // until it is not busy

 private:
  void work();
  std::shared_ptr<const TailTraces> follow(const Runner::Ready& of, TimeRange range,
                                           std::uint64_t every) const;

  std::shared_ptr<const TailTraces> traces_;
  Runner::Ready of_;
  TimeRange range_;
  std::uint64_t every_ = 1;
  std::uint64_t wanted_ = 0, served_ = 0;
  Worker worker_{[this] { work(); }};
};

}  // namespace tailrace::viewer
