#pragma once
// HTTP/2's flow control in motion: how many bytes a call may send now, in its own window and in the one that
// all calls of a connection share. What has been sent counts until its receiver's WINDOW_UPDATE is back, a
// round trip after it set out, or when the receiver has taken it out of its buffer. So a stream gets through
// a window per round trip, and so do all streams of a connection together.
//
// Calls that send at the same time get equal parts of the connection's window. A part smaller than a frame
// (16 KiB) is not sent: its call waits until that much is free. Invariant: in flight <= connection window;
// what is in flight is given back by time alone, so a call that ends early leaves nothing behind. Cost: one
// insertion per burst. Left out: windows that grow with the measured bandwidth (gRPC's BDP probes).
#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/base/time.hpp"

namespace tailrace::models {

class StreamWindows {
 public:
  static constexpr double kFrameBytes = 16'384;  // HTTP/2's SETTINGS_MAX_FRAME_SIZE

  StreamWindows(double stream, double connection) : stream_(stream), connection_(connection) {}

  void begins() { ++sending_; }
  void ends() { --sending_; }
  // Bytes of `left` that may go now, over so many connections; 0: look again at `next`.
  double grant(double left, std::int64_t connections, std::int64_t now, std::int64_t& next) {
    while (first_ < credits_.size() && credits_[first_].at <= now) in_flight_ -= credits_[first_++].bytes;
    if (first_ == credits_.size()) credits_.clear(), first_ = 0, in_flight_ = 0;
    const double whole = connection_ * static_cast<double>(std::max<std::int64_t>(connections, 1));
    const double most = std::min(left, stream_);
    const double part = std::max(whole / static_cast<double>(std::max<std::int64_t>(sending_, 1)),
                                 std::min(kFrameBytes, whole));
    const double wanted = std::min(most, part);
    const double least = std::min(wanted, kFrameBytes);
    const double room = whole - in_flight_;
    if (room >= least || first_ == credits_.size()) return std::min(wanted, std::max(room, 1.0));
    double coming = room;
    for (std::size_t i = first_; i < credits_.size(); ++i) {
      coming += credits_[i].bytes;
      next = credits_[i].at;
      if (coming >= least) break;
    }
    return 0;
  }
  // So many bytes are on their way, until `back`.
  void sent(double bytes, std::int64_t back) {
    in_flight_ += bytes;
    if (first_ > 64 && 2 * first_ > credits_.size()) {
      credits_.erase(credits_.begin(), credits_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    const auto later = [](std::int64_t at, const Credit& c) { return at < c.at; };
    credits_.insert(
        std::upper_bound(credits_.begin() + static_cast<std::ptrdiff_t>(first_), credits_.end(), back, later),
        {back, bytes});
  }
  double in_flight() const { return in_flight_; }
  std::int64_t sending() const { return sending_; }

 private:
  struct Credit {
    std::int64_t at;
    double bytes;
  };
  double stream_, connection_;
  double in_flight_ = 0;
  std::int64_t sending_ = 0;     // calls with bytes left
  std::vector<Credit> credits_;  // by when they are back; those before first_ are
  std::size_t first_ = 0;
};

}  // namespace tailrace::models
