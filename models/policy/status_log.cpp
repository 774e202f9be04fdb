#include <algorithm>
#include <limits>

#include "models/policy/seams.hpp"

namespace tailrace::models {

void StatusLog::change(std::uint8_t to, sim::Instant at) {
  at = std::max(at, since_);  // noticed late: what lies before the last reset is not counted
  if (spent_.size() <= status_) spent_.resize(static_cast<std::size_t>(status_) + 1);
  spent_[status_] += at.ns - since_.ns;
  since_ = at;
  if (kept_.size() < kMostKept) kept_.push_back({at, status_, to});
  ++count_;
  trips_ += status_ == 0 ? 1 : 0;
  status_ = to;
}

void StatusLog::reset(sim::Instant now) {
  spent_.assign(spent_.size(), 0);
  kept_.clear();
  count_ = trips_ = 0;
  since_ = now;
}

std::vector<std::int64_t> StatusLog::durations(sim::Instant now) const {
  std::vector<std::int64_t> all = spent_;
  if (all.size() <= status_) all.resize(static_cast<std::size_t>(status_) + 1);
  all[status_] += now.ns - since_.ns;
  return all;
}

double AdmissionPolicy::gauge() const {
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace tailrace::models
