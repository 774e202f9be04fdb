#include "models/policies/circuit_breaker/result_window.hpp"

#include <algorithm>

namespace tailrace::models {

ResultWindow::ResultWindow(const WindowSettings& settings) : settings_(settings) {
  if (settings.type == WindowType::count_based) {
    ring_.resize(settings.size);
  } else {
    buckets_.resize(settings.size);
  }
}

const Tally& ResultWindow::record(sim::Instant now, bool failed, bool slow) {
  const auto bit = [](bool set) { return set ? 1u : 0u; };
  if (settings_.type == WindowType::count_based) {
    std::uint8_t& place = ring_[next_];
    next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
    const bool full = total_.calls == ring_.size();
    if (full && place == 0 && !failed && !slow) return total_;  // a good call takes a good one's place
    if (full) {
      total_.failed -= place & 1u;
      total_.slow -= place >> 1;
    } else {
      ++total_.calls;
    }
    place = static_cast<std::uint8_t>(bit(failed) | bit(slow) << 1);
  } else {
    move_to(now.ns / settings_.bucket.ns);
    Tally& present = buckets_[static_cast<std::size_t>(newest_) % buckets_.size()];
    ++present.calls;
    present.failed += bit(failed);
    present.slow += bit(slow);
    ++total_.calls;
  }
  total_.failed += bit(failed);
  total_.slow += bit(slow);
  return total_;
}

void ResultWindow::move_to(std::int64_t bucket) {
  const auto size = static_cast<std::int64_t>(buckets_.size());
  for (std::int64_t b = std::max(newest_ + 1, bucket - size + 1); b <= bucket; ++b) {
    Tally& old = buckets_[static_cast<std::size_t>(b % size)];
    total_.calls -= old.calls;
    total_.failed -= old.failed;
    total_.slow -= old.slow;
    old = {};
  }
  newest_ = std::max(newest_, bucket);
}

void ResultWindow::clear() {
  total_ = {};
  next_ = 0;
  std::fill(buckets_.begin(), buckets_.end(), Tally{});
}

}  // namespace tailrace::models
