#pragma once
// Brings the cache line of an object near, for passes over many objects that lie far apart: the loads of one
// pass do not depend on each other and overlap. A load rather than a prefetch instruction: the latter is
// dropped where the page's address is not at hand either, as it seldom is in a large model.
namespace tailrace::sim {

template <class T>
[[gnu::always_inline]] inline void fetch(const T& where) {
  unsigned word;  // the whole register: a byte's load would wait for what the rest of it held
  asm volatile("movzbl %1, %0" : "=r"(word) : "m"(reinterpret_cast<const unsigned char&>(where)));
}

}  // namespace tailrace::sim
