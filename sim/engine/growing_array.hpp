#pragma once
// An array of plain records that grows without copying: pages are mapped ahead and touched on use, so a
// million records cost a million records and no more. Elements are value-initialised (zero) pages; addresses
// change when it grows, so callers hold indices. Throws std::bad_alloc when the system has no more, or beyond
// a limit that the owner sets.
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace tailrace::sim {

template <class T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  GrowingArray() = default;
  GrowingArray(GrowingArray&& other) noexcept { swap(other); }
  GrowingArray& operator=(GrowingArray&& other) noexcept {
    swap(other);
    return *this;
  }
  ~GrowingArray() {
    if (data_ != nullptr) munmap(data_, capacity_ * sizeof(T));
  }

  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * sizeof(T); }
  // Never more than about this many bytes.
  void limit_bytes(double bytes) {
    const double elements = bytes / static_cast<double>(sizeof(T));
    limit_ = elements < static_cast<double>(kMost) ? static_cast<std::size_t>(elements) : kMost;
  }

  // Adds one zero element and returns its index.
  std::uint32_t append() {
    if (size_ == capacity_) [[unlikely]]
      grow();
    return static_cast<std::uint32_t>(size_++);
  }

 private:
  [[gnu::noinline]] void grow() {
    const std::size_t least = (std::size_t{1} << 16) / sizeof(T);
    if (capacity_ >= std::max(limit_, least)) throw std::bad_alloc();
    const std::size_t wanted = capacity_ == 0 ? least : std::min(capacity_ * 2, std::max(limit_, least));
    void* moved = capacity_ == 0 ? mmap(nullptr, wanted * sizeof(T), PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                 : mremap(data_, capacity_ * sizeof(T), wanted * sizeof(T), MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<T*>(moved);
    capacity_ = wanted;
    // Many records, visited in no order: large pages save the address translation. Where there are none, none
    // are taken.
    if (wanted * sizeof(T) >= kLarge) madvise(moved, wanted * sizeof(T), MADV_HUGEPAGE);
  }
  void swap(GrowingArray& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(limit_, other.limit_);
  }

  static constexpr std::size_t kMost = 0xfffffffeu;  // indices have 32 bits, and the last is nobody's

  static constexpr std::size_t kLarge = std::size_t{1} << 23;

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t limit_ = kMost;
};

}  // namespace tailrace::sim
