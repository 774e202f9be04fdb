#pragma once
// Cores under egalitarian processor sharing: with n jobs each runs at rate min(1, cores/n) (Kleinrock 1967;
// Cohen 1979 for the multi-core rate). Virtual time is the work that one job has received; a job that arrives
// at virtual time v with work w leaves at v + w, whatever comes and goes, so one ordered set and one calendar
// entry per instance do. An arrival can only delay the next departure, so the entry is left where it is and
// rescheduled when it fires too early.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/base/time.hpp"

namespace tailrace::models {

class Cpu {
 public:
  struct Job {
    double finish;  // virtual time, ns of work
    std::uint32_t frame;
    std::uint32_t order;  // ties: first come, first out
  };

  void start(double cores) { cores_ = cores; }

  void add(std::int64_t now, std::uint32_t frame, double work_ns) {
    advance(now);
    jobs_.push_back({virtual_ + work_ns, frame, order_++});
    std::push_heap(jobs_.begin(), jobs_.end(), later);
  }
  // When the next job ends if nothing else happens; -1 when there is none.
  std::int64_t next_end(std::int64_t now) const {
    if (jobs_.empty() || speed_ == 0) return -1;
    const double left = (jobs_.front().finish - virtual_) / rate();
    return sim::saturating_add(now, sim::Duration::from_ns(left).ns);
  }
  // Takes the job whose end is due, to the half nanosecond; false when none is.
  bool take(std::int64_t now, std::uint32_t& frame) {
    advance(now);
    if (jobs_.empty()) return false;
    if (jobs_.front().finish - virtual_ > 0.5 * rate()) return false;
    frame = jobs_.front().frame;
    virtual_ = std::max(virtual_, jobs_.front().finish);
    std::pop_heap(jobs_.begin(), jobs_.end(), later);
    jobs_.pop_back();
    if (jobs_.empty()) {  // idle: start over, so that virtual time keeps its precision
      virtual_ = 0;
      order_ = 0;
    }
    return true;
  }
  // Takes a job out before its end; nothing if it is not here. O(jobs).
  void remove(std::int64_t now, std::uint32_t frame) {
    advance(now);
    const auto at =
        std::find_if(jobs_.begin(), jobs_.end(), [frame](const Job& job) { return job.frame == frame; });
    if (at == jobs_.end()) return;
    *at = jobs_.back();
    jobs_.pop_back();
    std::make_heap(jobs_.begin(), jobs_.end(), later);
    if (jobs_.empty()) {
      virtual_ = 0;
      order_ = 0;
    }
  }
  // 0 stands still.
  void set_speed(std::int64_t now, double speed) {
    advance(now);
    speed_ = speed;
  }
  // Core-nanoseconds used until now.
  double busy(std::int64_t now) {
    advance(now);
    return busy_;
  }
  std::size_t jobs() const { return jobs_.size(); }

  std::int64_t scheduled = -1;  // the calendar entry that counts; others are stale

 private:
  double rate() const {
    const double n = static_cast<double>(jobs_.size());
    return (cores_ >= n ? 1.0 : cores_ / n) * speed_;
  }
  void advance(std::int64_t now) {
    const double passed = static_cast<double>(now - last_);
    last_ = now;
    if (jobs_.empty()) return;
    virtual_ += passed * rate();
    busy_ += passed * speed_ * std::min(cores_, static_cast<double>(jobs_.size()));
  }
  static bool later(const Job& a, const Job& b) {
    return a.finish > b.finish || (a.finish == b.finish && a.order > b.order);
  }

  double cores_ = 1;
  double speed_ = 1;
  double virtual_ = 0;
  double busy_ = 0;
  std::int64_t last_ = 0;
  std::uint32_t order_ = 0;
  std::vector<Job> jobs_;
};

}  // namespace tailrace::models
