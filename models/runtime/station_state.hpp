#pragma once
// One instance of a station while it runs: free workers, its queue (an intrusive list through the frames),
// and the sums from which time averages come. A quantity's area over time is kept as -(sum of entry times) +
// (sum of exit times); the items still inside are added when somebody asks. So an average costs one addition
// per change and is exact.
#include <cstdint>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/frame.hpp"

namespace tailrace::models {

__extension__ using Area = __int128;  // item-nanoseconds

// Per station, over its instances.
struct StationCounts {
  Area wait_sum = 0;         // time that frames spent queued, added when they leave
  Area hold_sum = 0;         // time that workers were held, added when they are released
  std::uint64_t grants = 0;  // starts of service (preempted work that resumes is not a new one)
  std::uint64_t rejected = 0;
  std::uint64_t abandoned = 0;  // left the queue unserved
  std::uint64_t dropped = 0;    // thrown away when their turn came
  Area wasted = 0;              // of hold_sum, after the one for whom they worked had left
};

// In place of an OrderedQueue: the queue is a plain list, but who is next is asked.
inline constexpr std::uint32_t kByRule = kNoId - 1;

// Two cache lines; a call that need not wait uses the first. In a large model nobody has used them lately, so
// the counts of a station are kept by instance, and what its table says of plain queues is copied here.
struct alignas(128) InstanceState {
  std::int32_t free = 0;  // workers
  std::uint32_t queued = 0;
  std::uint32_t head = kNoId, tail = kNoId;
  Area busy_area = 0;
  Area hold_sum = 0;  // like all counts of the same names, its part of StationCounts
  std::uint64_t grants = 0;
  std::uint32_t plain_capacity = 0;  // of a queue without rules of its own; 0 where it has some
  std::uint32_t station = 0;
  // --- the first line ends here
  Area queue_area = 0;
  Area wait_sum = 0;
  std::uint64_t rejected = 0, abandoned = 0;
  std::uint32_t outstanding = 0;  // requests sent here and not ended, where the balancer asks
  std::uint32_t peak = 0;         // longest queue
  std::uint32_t ordered = kNoId;  // index of the OrderedQueue, where the discipline needs one; kByRule
  std::uint32_t wait_series = 0;  // the station's
};
static_assert(sizeof(InstanceState) == 128);

// Frames by rank: priorities, or shortest job first. A binary heap over (rank, arrival); each frame knows its
// place in the heap (in `next`, which it does not need here), so leaving from the middle costs no more than
// leaving from the top.
class OrderedQueue {
 public:
  void push(std::int64_t rank, std::uint32_t frame, FrameSlab& frames) {
    add({rank, next_++, frame}, frames);
  }
  // Back to the front of its rank: interrupted work resumes before others that came later.
  void push_front(std::int64_t rank, std::uint32_t frame, FrameSlab& frames) {
    add({rank, front_--, frame}, frames);
  }
  std::uint32_t pop(FrameSlab& frames) {
    const std::uint32_t frame = heap_.front().frame;
    remove(frame, frames);
    return frame;
  }
  void remove(std::uint32_t frame, FrameSlab& frames) {
    const std::size_t hole = frames[frame].next;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    place(hole, last, frames);
    sift_up(sift_down(hole, frames), frames);
  }
  // Frames that compute and may be interrupted, in the order in which they started.
  std::vector<std::uint32_t> running;

 private:
  struct Entry {
    std::int64_t rank;  // lower goes first
    std::uint64_t order;
    std::uint32_t frame;
    bool before(const Entry& other) const {
      return rank < other.rank || (rank == other.rank && order < other.order);
    }
  };

  void place(std::size_t at, const Entry& entry, FrameSlab& frames) {
    heap_[at] = entry;
    frames[entry.frame].next = static_cast<std::uint32_t>(at);
  }
  void add(const Entry& entry, FrameSlab& frames) {
    heap_.push_back(entry);
    place(heap_.size() - 1, entry, frames);
    sift_up(heap_.size() - 1, frames);
  }
  void sift_up(std::size_t at, FrameSlab& frames) {
    const Entry moving = heap_[at];
    for (; at > 0 && moving.before(heap_[(at - 1) / 2]); at = (at - 1) / 2)
      place(at, heap_[(at - 1) / 2], frames);
    place(at, moving, frames);
  }
  std::size_t sift_down(std::size_t at, FrameSlab& frames) {
    const Entry moving = heap_[at];
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
      if (child >= heap_.size() || !heap_[child].before(moving)) break;
      place(at, heap_[child], frames);
      at = child;
    }
    place(at, moving, frames);
    return at;
  }

  std::vector<Entry> heap_;
  std::uint64_t next_ = std::uint64_t{1} << 62;
  std::uint64_t front_ = (std::uint64_t{1} << 62) - 1;
};

}  // namespace tailrace::models
