#include "models/runtime/arrivals.hpp"

#include <cmath>

#include "models/runtime/wave.hpp"
#include "sim/base/math.hpp"

namespace tailrace::models {

void ArrivalClock::start(const Workload& workload) {
  workload_ = &workload;
  process_ = workload.process;
  gap_ns_ = workload.rate_per_s > 0 ? 1e9 / workload.rate_per_s : 1e301;
  stage_rate_ = workload.rate_per_s * 1e-9;
}

std::int64_t ArrivalClock::next_varying(double needed, sim::Stream* state_stream) {
  if (process_ == ArrivalProcess::trace) {
    if (position_ == workload_->trace_ns->size()) return -1;
    return (*workload_->trace_ns)[position_++];
  }
  bool more = false;
  switch (process_) {
    case ArrivalProcess::ramping_rate:
      more = ramp(needed);
      break;
    case ArrivalProcess::sinusoidal_rate:
      more = wave(needed);
      break;
    case ArrivalProcess::mmpp:
      more = modulated(needed, *state_stream);
      break;
    default:
      break;
  }
  return more ? rounded() : -1;
}

// Within a stage the rate is r + k x after x ns, so its integral is r x + k x^2 / 2; solved in the form that
// does not cancel.
bool ArrivalClock::ramp(double needed) {
  for (;;) {
    if (stage_ == workload_->stages.size()) {
      if (!(stage_rate_ > 0)) return false;
      exact_ = std::max(exact_, stage_start_) + needed / stage_rate_;
      return true;
    }
    const RateStage& stage = workload_->stages[stage_];
    const double length = static_cast<double>(stage.duration.ns);
    const double target = stage.target * 1e-9;
    const double at = std::max(exact_, stage_start_);
    const double left = stage_start_ + length - at;
    if (left > 0) {
      const double slope = (target - stage_rate_) / length;
      const double rate = stage_rate_ + slope * (at - stage_start_);
      const double area = (rate + 0.5 * slope * left) * left;
      if (needed < area) {
        const double root = rate * rate + 2 * slope * needed;
        exact_ = needed > 0 ? at + 2 * needed / (rate + std::sqrt(root > 0 ? root : 0)) : at;
        return true;
      }
      needed -= area;
    }
    stage_start_ += length;
    stage_rate_ = target;
    exact_ = std::max(exact_, stage_start_);
    ++stage_;
  }
}

bool ArrivalClock::wave(double needed) {
  exact_ = wave_advance({workload_->rate_per_s * 1e-9, workload_->amplitude_per_s * 1e-9,
                         static_cast<double>(workload_->period.ns), workload_->phase_fraction},
                        exact_, needed);
  return exact_ < 9.2e18;
}

bool ArrivalClock::modulated(double needed, sim::Stream& random) {
  const auto sojourn = [&] {
    return -sim::math::log(1.0 - random.uniform()) *
           static_cast<double>(workload_->states[state_].mean_sojourn.ns);
  };
  if (state_end_ < 0) state_end_ = sojourn();
  while (exact_ < 9.2e18) {
    const double rate = workload_->states[state_].rate_per_s * 1e-9;
    const double area = rate * (state_end_ - exact_);
    if (needed < area) {
      exact_ += needed / rate;
      return true;
    }
    needed -= area;
    exact_ = state_end_;
    state_ = state_ + 1 == workload_->states.size() ? 0 : state_ + 1;
    state_end_ += sojourn();
  }
  return false;
}

}  // namespace tailrace::models
