#pragma once
// When the next arrivals of open load come. Each gap is a value E of the spacing, in expected arrivals (mean
// 1, so exponential gives Poisson and constant gives regular load), and the next arrival is where the
// integral of the rate has grown by E: one rule for constant, ramping, sinusoidal and Markov-modulated rates,
// exact for all of them. Times are kept in double ns, so that regular load does not drift by the rounding of
// its gaps.
#include <cstdint>
#include <vector>

#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

class ArrivalClock {
 public:
  void start(const Workload& workload);

  // The next arrival's time in ns, or -1 when there is none any more. Called once per arrival, in order.
  std::int64_t next(double spacing, sim::Stream* state_stream) {
    if (process_ == ArrivalProcess::constant_rate) [[likely]] {
      if (!(gap_ns_ < 1e300)) return -1;
      exact_ += spacing * gap_ns_;
      return rounded();
    }
    return next_varying(spacing, state_stream);
  }

 private:
  std::int64_t rounded() const { return exact_ < 9.2e18 ? static_cast<std::int64_t>(exact_ + 0.5) : -1; }
  std::int64_t next_varying(double needed, sim::Stream* state_stream);
  bool ramp(double needed);
  bool wave(double needed);
  bool modulated(double needed, sim::Stream& state_stream);

  const Workload* workload_ = nullptr;
  ArrivalProcess process_ = ArrivalProcess::constant_rate;
  double gap_ns_ = 0;
  double exact_ = 0;  // of the last arrival, ns
  std::size_t stage_ = 0;
  double stage_start_ = 0;  // ns
  double stage_rate_ = 0;   // per ns at its start
  std::size_t state_ = 0;
  double state_end_ = -1;     // ns
  std::size_t position_ = 0;  // in the trace
};

}  // namespace tailrace::models
