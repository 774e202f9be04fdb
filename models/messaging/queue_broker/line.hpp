#pragma once
// A first-in, first-out line in one vector, which slides to its start when half of it is gone: no allocation
// once it has been as long before.
#include <cstddef>
#include <vector>

namespace tailrace::models {

template <class T>
class Line {
 public:
  bool empty() const { return first_ == items_.size(); }
  std::size_t size() const { return items_.size() - first_; }
  void push(const T& item) { items_.push_back(item); }
  T pop() {
    T item = items_[first_++];
    if (first_ == items_.size()) {
      items_.clear(), first_ = 0;
    } else if (first_ >= kSlide && first_ * 2 >= items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    return item;
  }
  T* begin() { return items_.data() + first_; }
  T* end() { return items_.data() + items_.size(); }
  const T* begin() const { return items_.data() + first_; }
  const T* end() const { return items_.data() + items_.size(); }
  std::size_t capacity() const { return items_.capacity(); }

 private:
  static constexpr std::size_t kSlide = 64;
  std::vector<T> items_;
  std::size_t first_ = 0;
};

}  // namespace tailrace::models
