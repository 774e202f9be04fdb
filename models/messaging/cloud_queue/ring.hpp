#pragma once
// A first-in-first-out line of plain records in one block that doubles when it is full, so that a steady flow
// allocates nothing.
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
  void push(const T& item) {
    if (count_ == items_.size()) grow();
    items_[(first_ + count_++) & (items_.size() - 1)] = item;
  }
  void pop() {
    TAILRACE_CHECK(count_ > 0);
    first_ = (first_ + 1) & (items_.size() - 1);
    --count_;
  }

 private:
  void grow() {
    std::vector<T> next(items_.empty() ? 8 : items_.size() * 2);
    for (std::size_t i = 0; i < count_; ++i) next[i] = items_[(first_ + i) & (items_.size() - 1)];
    items_.swap(next);
    first_ = 0;
  }

  std::vector<T> items_;
  std::size_t first_ = 0, count_ = 0;
};

}  // namespace tailrace::models
