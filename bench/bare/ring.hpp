#pragma once
// A queue in a ring of a power of two, for the bare loops.
#include <cstddef>
#include <vector>

namespace tailrace::bare {

template <class T>
class Ring {
 public:
  bool empty() const { return head_ == tail_; }
  void push(T value) {
    if (tail_ - head_ == items_.size()) grow();
    items_[tail_++ & (items_.size() - 1)] = value;
  }
  T pop() { return items_[head_++ & (items_.size() - 1)]; }

 private:
  void grow() {
    std::vector<T> larger(items_.size() * 2);
    for (std::size_t i = head_; i != tail_; ++i)
      larger[i & (larger.size() - 1)] = items_[i & (items_.size() - 1)];
    items_.swap(larger);
  }
  std::vector<T> items_ = std::vector<T>(64);
  std::size_t head_ = 0, tail_ = 0;
};

}  // namespace tailrace::bare
