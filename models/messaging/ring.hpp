#pragma once
// A first-in-first-out line of plain records in one block that doubles when it is full, so that a steady flow
// allocates nothing (a std::deque allocates a block every few elements).
#include <cstddef>
#include <vector>

#include "sim/base/check.hpp"

namespace tailrace::models {

template <class T>
class Ring {
 public:
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  std::size_t bytes() const { return items_.size() * sizeof(T); }
  const T& front() const {
    TAILRACE_CHECK(count_ > 0);
    return items_[first_];
  }
  // From the front.
  T& operator[](std::size_t i) { return items_[place(i)]; }
  const T& operator[](std::size_t i) const { return items_[place(i)]; }
  void push(const T& item) {
    if (count_ == items_.size()) grow();
    items_[place(count_++)] = item;
  }
  T pop() {
    T item = front();
    first_ = place(1);
    --count_;
    return item;
  }

 private:
  std::size_t place(std::size_t i) const { return (first_ + i) & (items_.size() - 1); }
  void grow() {
    std::vector<T> next(items_.empty() ? 8 : items_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) next[i] = items_[place(i)];
    items_.swap(next);
    first_ = 0;
  }

  std::vector<T> items_;
  std::size_t first_ = 0, count_ = 0;
};

}  // namespace tailrace::models
