#pragma once
// A std::vector for tables of many records that are visited in no order. Its memory begins at a cache line,
// and from a quarter of a megabyte on it asks for large pages, so that a visit costs no walk for the address
// translation. Where there are no large pages, none are taken.
#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <vector>

namespace tailrace::sim {

template <class T>
struct LargeAllocator {
  using value_type = T;
  static constexpr std::size_t kLine = 64, kPage = std::size_t{1} << 21;
  static constexpr std::size_t kLarge = kPage / 8;

  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) {}

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    if (bytes < kLarge) return static_cast<T*>(::operator new(bytes, line()));
    const std::size_t whole = (bytes + kPage - 1) / kPage * kPage;
    void* const memory = ::operator new (whole, std::align_val_t{kPage});
    madvise(memory, whole, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t n) {
    ::operator delete (memory, n * sizeof(T) < kLarge ? line() : std::align_val_t{kPage});
  }
  template <class U>
  bool operator==(const LargeAllocator<U>&) const {
    return true;
  }

 private:
  static constexpr std::align_val_t line() {
    return std::align_val_t{alignof(T) > kLine ? alignof(T) : kLine};
  }
};

template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace tailrace::sim
