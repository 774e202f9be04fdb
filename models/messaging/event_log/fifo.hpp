#pragma once
// First in, first out, in a ring that grows by doubling and never shrinks: nothing is allocated in steady
// state (a std::deque allocates a block every few elements).
#include <cstddef>
#include <utility>
#include <vector>

namespace tailrace::models::event_log {

template <class T>
class Fifo {
 public:
  bool empty() const { return first_ == last_; }
  std::size_t size() const { return last_ - first_; }
  T& front() { return slots_[first_ & (slots_.size() - 1)]; }
  void push(T value) {
    if (size() == slots_.size()) grow();
    slots_[last_++ & (slots_.size() - 1)] = std::move(value);
  }
  void pop() { ++first_; }
  std::size_t bytes() const { return slots_.size() * sizeof(T); }

 private:
  void grow() {
    std::vector<T> larger(slots_.empty() ? 8 : slots_.size() * 2);
    for (std::size_t i = first_; i != last_; ++i)
      larger[i & (larger.size() - 1)] = std::move(slots_[i & (slots_.size() - 1)]);
    slots_.swap(larger);
  }
  std::vector<T> slots_;
  std::size_t first_ = 0, last_ = 0;
};

}  // namespace tailrace::models::event_log
