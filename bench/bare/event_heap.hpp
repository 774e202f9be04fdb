#pragma once
// The event list of the bare loops: a 4-ary heap of 16-byte keys (time as its bits, sequence, code), four
// children to a cache line. Times are doubles and not negative, so their bits order as they do. This is what
// a programmer in a hurry for speed writes for one model; it knows no phases and 2^20 codes.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace tailrace::bare {

class EventHeap {
 public:
  EventHeap() { resize(1024); }
  EventHeap(const EventHeap&) = delete;
  EventHeap& operator=(const EventHeap&) = delete;
  ~EventHeap() { std::free(memory_); }

  bool empty() const { return size_ == 0; }

  void push(double time, std::uint32_t code) {
    if (size_ == capacity_) resize(capacity_ * 2);
    const Key key = static_cast<Key>(std::bit_cast<std::uint64_t>(time)) << 64 |
                    static_cast<Key>(sequence_++) << 32 | code;
    std::size_t i = size_++;
    while (i > 0) {
      const std::size_t parent = (i - 1) / 4;
      if (heap_[parent] <= key) break;
      heap_[i] = heap_[parent];
      i = parent;
    }
    heap_[i] = key;
  }

  double pop(std::uint32_t& code) {
    const Key top = heap_[0];
    const Key last = heap_[--size_];
    std::size_t i = 0;
    for (;;) {
      const std::size_t child = 4 * i + 1;
      if (child + 4 <= size_) {
        const std::size_t a = heap_[child + 1] < heap_[child] ? child + 1 : child;
        const std::size_t b = heap_[child + 3] < heap_[child + 2] ? child + 3 : child + 2;
        const std::size_t least = heap_[b] < heap_[a] ? b : a;
        if (last <= heap_[least]) break;
        heap_[i] = heap_[least];
        i = least;
        continue;
      }
      if (child >= size_) break;
      std::size_t least = child;
      for (std::size_t k = child + 1; k < size_; ++k) least = heap_[k] < heap_[least] ? k : least;
      if (last <= heap_[least]) break;
      heap_[i] = heap_[least];
      i = least;
    }
    heap_[i] = last;
    code = static_cast<std::uint32_t>(top);
    return std::bit_cast<double>(static_cast<std::uint64_t>(top >> 64));
  }

 private:
  __extension__ using Key = unsigned __int128;

  void resize(std::size_t capacity) {
    // Entry 1, the first child, begins a cache line.
    void* const memory = std::aligned_alloc(64, (capacity + 4) * sizeof(Key));
    if (memory == nullptr) throw std::bad_alloc();
    Key* const heap = static_cast<Key*>(memory) + 3;
    for (std::size_t i = 0; i < size_; ++i) heap[i] = heap_[i];
    std::free(memory_);
    memory_ = memory;
    heap_ = heap;
    capacity_ = capacity;
  }

  void* memory_ = nullptr;
  Key* heap_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::uint32_t sequence_ = 0;  // ties only; wraps
};

}  // namespace tailrace::bare
