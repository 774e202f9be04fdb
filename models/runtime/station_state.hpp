#pragma once
// One instance of a station while it runs: free workers, its queue (an intrusive list through the frames), and the sums
// from which time averages come. A quantity's area over time is kept as -(sum of entry times) + (sum of exit times); the
// items still inside are added when somebody asks. So an average costs one addition per change and is exact.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/frame.hpp"

namespace tailrace::models {

__extension__ using Area = __int128;  // item-nanoseconds

struct alignas(64) InstanceState {
  std::int32_t free = 0;       // workers
  std::uint32_t queued = 0;
  std::uint32_t head = kNoId, tail = kNoId;
  Area queue_area = 0;
  Area busy_area = 0;
  std::uint32_t outstanding = 0;  // requests sent here and not ended, where the balancer asks
  std::uint32_t peak = 0;         // longest queue
  std::uint32_t station = 0;
  std::uint32_t ordered = kNoId;  // index of the OrderedQueue, where the discipline needs one
};
static_assert(sizeof(InstanceState) == 64);

// Per station, over its instances.
struct alignas(64) StationCounts {
  std::uint64_t grants = 0;         // starts of service (preempted work that resumes is not a new one)
  std::uint64_t rejected = 0;
  std::uint64_t abandoned = 0;      // left the queue unserved
  Area wait_sum = 0;                // time that frames spent queued, added when they leave
  Area hold_sum = 0;                // time that workers were held, added when they are released
};

// Frames by rank: priorities, or shortest job first. A binary heap over (rank, arrival); removal is by a lazy search,
// which only timeouts pay.
class OrderedQueue {
 public:
  struct Entry {
    std::int64_t rank;  // lower goes first
    std::uint64_t order;
    std::uint32_t frame;
  };
  bool empty() const { return heap_.empty(); }
  void push(std::int64_t rank, std::uint32_t frame) {
    heap_.push_back({rank, next_++, frame});
    std::push_heap(heap_.begin(), heap_.end(), after);
  }
  // Back to the front of its rank: interrupted work resumes before others that came later.
  void push_front(std::int64_t rank, std::uint32_t frame) {
    heap_.push_back({rank, front_--, frame});
    std::push_heap(heap_.begin(), heap_.end(), after);
  }
  std::uint32_t pop() {
    const std::uint32_t frame = heap_.front().frame;
    std::pop_heap(heap_.begin(), heap_.end(), after);
    heap_.pop_back();
    return frame;
  }
  void remove(std::uint32_t frame) {
    const auto it = std::find_if(heap_.begin(), heap_.end(), [&](const Entry& e) { return e.frame == frame; });
    if (it == heap_.end()) return;
    *it = heap_.back();
    heap_.pop_back();
    std::make_heap(heap_.begin(), heap_.end(), after);
  }
  // Frames that compute and may be interrupted, lowest priority first, latest start first.
  std::vector<std::uint32_t> running;

 private:
  static bool after(const Entry& a, const Entry& b) { return a.rank > b.rank || (a.rank == b.rank && a.order > b.order); }
  std::vector<Entry> heap_;
  std::uint64_t next_ = std::uint64_t{1} << 62;
  std::uint64_t front_ = (std::uint64_t{1} << 62) - 1;
};

}  // namespace tailrace::models
