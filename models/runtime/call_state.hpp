#pragma once
// What a frame keeps beside its cache line while it makes or serves calls that carry policies; one more line,
// at the same index. Models without such calls have none of these, and plain calls never touch them.
#include <cstdint>
#include <memory>
#include <vector>

#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

inline constexpr std::int64_t kNever = INT64_MAX;  // of times that may not come

enum CallFlag : std::uint8_t {
  kInLine = 1,       // waits in a policy's line
  kNextIsHedge = 2,  // what the attempt that is being admitted is
  kNextIsRetry = 4,  // ... and has been granted by the budget
  kHedge = 8,        // what this attempt is
  kRetry = 16,
  kDegraded = 32,  // a fallback took part in the answer
  kThere = 64,     // has reached its server
  kReplied = 128,  // its server is done with it
};

struct alignas(64) CallState {
  // Of the call that the frame makes now.
  std::int64_t pause;         // before its last attempt
  std::uint32_t attempts;     // tried, also where a policy refused them
  std::uint32_t first_child;  // attempts that are under way, newest first; of a fork: its branches
  std::uint32_t chosen;       // instance for the attempt that is being admitted
  std::uint8_t stage;         // admissions that are held by the call and by the attempt not sent yet
  std::uint8_t hedges;
  Outcome reason;  // of the refusal, when its time in line is over
  // As an attempt.
  std::uint8_t door_stage;  // admissions held at the door
  std::uint8_t flags;
  bool pushed_back;         // the server refused it, and said when to try again
  std::uint16_t restarted;  // of the call: attempts when a server last said so (or more than fit)
  std::uint32_t next_sibling;
  std::int64_t sent;     // a branch: the sibling before it
  std::int64_t left_at;  // when its caller left; -1 while it is there
  // As a part of a request.
  std::int64_t deadline;
  std::uint64_t key;
};
static_assert(sizeof(CallState) == 64);

// Who waits for an admission policy, first come first served. Those who have left stay as stale entries until
// they are met.
class WaitLine {
 public:
  struct Entry {
    std::uint32_t slot, ticket;
  };
  bool empty() const { return first_ == entries_.size(); }
  std::uint32_t live = 0;
  void push(Entry entry) {
    if (first_ > 64 && first_ * 2 > entries_.size()) {
      entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    entries_.push_back(entry);
  }
  const Entry& front() const { return entries_[first_]; }
  void pop() {
    if (++first_ == entries_.size()) {
      entries_.clear();
      first_ = 0;
    }
  }

 private:
  std::vector<Entry> entries_;
  std::size_t first_ = 0;
};

struct alignas(64) AdmissionState {
  std::unique_ptr<AdmissionPolicy> policy;
  std::uint32_t group = 0;
  bool drain_scheduled = false;
  WaitLine line;
};

// All policy states of one run.
struct PolicyStates {
  std::vector<AdmissionState> admissions;
  std::vector<std::unique_ptr<RetryBudget>> budgets;
  std::vector<std::unique_ptr<HedgePolicy>> hedges;
  std::vector<std::unique_ptr<Balancer>> balancers;
  std::vector<std::unique_ptr<QueuePolicy>> queues;  // per instance, where the station has one
};

}  // namespace tailrace::models
