#pragma once
// Plain values as bytes and back, for what one process tells another of the same program. Whole numbers take
// as few bytes as they need (seven bits each, signed ones zigzag), doubles are kept bit by bit. No names, no
// versions: both sides know what comes next. A reader that runs past the end, or meets what cannot be, is
// not good() from then on and answers zeros; what was read before may then be half of something.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace tailrace::sim {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

class ByteWriter {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7u) bytes_.push_back(static_cast<char>((value & 0x7fu) | 0x80u));
    bytes_.push_back(static_cast<char>(value));
  }
  void whole(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1u) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void wide(Wide value) {
    number(static_cast<std::uint64_t>(value));
    whole(static_cast<std::int64_t>(value >> 64));
  }
  void real(double value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof raw);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return fail();
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) return fail();  // more than 64 bits
      value |= static_cast<std::uint64_t>(byte & 0x7fu) << shift;
      if (byte < 0x80u) return value;
    }
    return fail();
  }
  std::int64_t whole() {
    const std::uint64_t folded = number();
    return static_cast<std::int64_t>((folded >> 1u) ^ (0 - (folded & 1u)));
  }
  Wide wide() {
    const std::uint64_t low = number();
    return static_cast<Wide>((static_cast<UnsignedWide>(static_cast<std::uint64_t>(whole())) << 64u) | low);
  }
  double real() {
    double value = 0;
    if (rest_.size() < sizeof value) {
      fail();
      return 0;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view text() {
    const std::size_t size = count();
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(value.size());
    return value;
  }
  // How many things follow, each at least a byte long: never more than there are bytes.
  std::size_t count() {
    const std::uint64_t n = number();
    return n <= rest_.size() ? static_cast<std::size_t>(n) : static_cast<std::size_t>(fail());
  }
  std::uint64_t fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }
  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace tailrace::sim
