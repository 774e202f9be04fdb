#pragma once
// Random streams. A Stream is a xoshiro256++ generator (Blackman & Vigna 2019) whose state comes from a key:
// (seed, replication, component name, purpose). The key names the stream, not the moment it was made, so
// adding, removing or reordering components moves nobody else's numbers.
#include <cstdint>
#include <string_view>

namespace tailrace::sim {

// Steele, Lea & Flood 2014; used to spread keys and to extend a single draw.
struct SplitMix64 {
  std::uint64_t state = 0;
  constexpr std::uint64_t next() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
};

// FNV-1a over bytes: the same value on every machine; keys and fingerprints only, never a hash table of user
// input.
constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t h = 0xcbf29ce484222325ULL) {
  for (const char c : text) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3ULL;
  }
  return h;
}

class Stream {
 public:
  Stream() = default;
  Stream(std::uint64_t seed, std::uint64_t replication, std::string_view component,
         std::string_view purpose) {
    SplitMix64 spread{seed};
    std::uint64_t key = spread.next() ^ (replication * 0xd1342543de82ef95ULL);
    key = SplitMix64{key}.next() ^ hash_text(component);
    key = SplitMix64{key}.next() ^ hash_text(purpose);
    SplitMix64 state{key};
    for (std::uint64_t& word : s_) word = state.next();
  }

  std::uint64_t next() {
    const std::uint64_t result = rotl(s_[0] + s_[3], 23) + s_[0];
    const std::uint64_t t = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= t;
    s_[3] = rotl(s_[3], 45);
    return result;
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
  // 0..n-1 without bias worth measuring: the high half of a 128-bit product (Lemire 2019, no rejection; bias
  // < n/2^64).
  std::uint64_t below(std::uint64_t n) { return below(n, next()); }
  static std::uint64_t below(std::uint64_t n, std::uint64_t bits) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(bits) * n) >> 64);
  }

 private:
  static constexpr std::uint64_t rotl(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t s_[4] = {1, 2, 3, 4};
};

}  // namespace tailrace::sim
