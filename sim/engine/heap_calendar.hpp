#pragma once
// The calendar that is easy to believe: a 4-ary implicit heap of (128-bit key, payload) with the interface of
// Calendar, kept as its oracle. The key is time | phase | sequence, so the order is total and first in, first
// out among equals by construction. Push and pop cost O(log N), 32 bytes per event. The sequence has 62 bits:
// a run of 146 years at a billion events a second.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/base/check.hpp"
#include "sim/engine/event.hpp"

namespace tailrace::sim {

class HeapCalendar {
 public:
  // Precondition, as for Calendar: event.time_ns >= 0 and not before the last popped event.
  void push(Event event) {
    const Key key = static_cast<Key>(static_cast<std::uint64_t>(event.time_ns)) << 64 |
                    static_cast<std::uint64_t>(event.phase()) << 62 | sequence_++;
    std::size_t i = size_++;
    if (kRoot + size_ > heap_.size()) heap_.resize(std::max<std::size_t>(64, heap_.size() * 2));
    Entry* const heap = heap_.data() + kRoot;
    while (i > 0) {
      const std::size_t parent = (i - 1) / 4;
      if (heap[parent].key < key) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = {key, event.target, event.tag};
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::int64_t next_time() const {
    TAILRACE_CHECK(size_ > 0);
    return time_of(heap_[kRoot]);
  }

  Event pop() {
    TAILRACE_CHECK(size_ > 0);
    Entry* const heap = heap_.data() + kRoot;
    const Event first{time_of(heap[0]), heap[0].target, heap[0].tag};
    const Entry last = heap[--size_];
    std::size_t i = 0;
    for (std::size_t child = 1; child < size_; child = 4 * i + 1) {
      std::size_t least = child;
      if (child + 4 <= size_) {
        const std::size_t a = heap[child + 1].key < heap[child].key ? child + 1 : child;
        const std::size_t b = heap[child + 3].key < heap[child + 2].key ? child + 3 : child + 2;
        least = heap[b].key < heap[a].key ? b : a;
      } else {
        for (std::size_t j = child + 1; j < size_; ++j) least = heap[j].key < heap[least].key ? j : least;
      }
      if (last.key < heap[least].key) break;
      heap[i] = heap[least];
      i = least;
    }
    heap[i] = last;
    return first;
  }

  void reserve(std::size_t events) {
    if (heap_.size() < kRoot + events) heap_.resize(kRoot + events);
  }
  void clear() {
    size_ = 0;
    sequence_ = 0;
  }
  std::size_t bytes() const { return heap_.capacity() * sizeof(Entry); }

 private:
  __extension__ using Key = unsigned __int128;
  struct alignas(32) Entry {
    Key key = 0;
    std::uint32_t target = 0;
    std::uint32_t tag = 0;
  };
  static constexpr std::size_t kRoot =
      3;  // children of i are 4i+1..4i+4, so that they are 128 bytes in a row

  static std::int64_t time_of(const Entry& entry) { return static_cast<std::int64_t>(entry.key >> 64); }

  std::vector<Entry> heap_;
  std::size_t size_ = 0;
  std::uint64_t sequence_ = 0;
};

}  // namespace tailrace::sim
