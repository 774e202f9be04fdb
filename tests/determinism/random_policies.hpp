#pragma once
// Policies of a random scenario: those that limit, repeat, choose and cancel, wherever they may be written,
// with fields by chance. Transports, TLS and meshes are put in by test_transport_swarm.cpp.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tailrace::tests {

class RandomText {
 public:
  explicit RandomText(std::uint64_t seed) : random_(seed) {}
  // mt19937_64 is the same everywhere; the standard's distributions are not.
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  std::string one_of(std::vector<std::string> list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(list.size())))];
  }

 private:
  std::mt19937_64 random_;
};

class RandomPolicies {
 public:
  explicit RandomPolicies(RandomText& random) : r_(random) {}
  bool on = true;  // otherwise all of these are empty

  std::string of_a_call(bool has_per_try_timeout, bool may_order = true);  // ", hedge: ..., rate_limit: ..."
  std::string of_a_service(bool fifo);  // "inbound: {...}, cancellation: at_once, "
  std::string balancer();               // "load_balancer: ..."
  std::string defaults();               // a section

 private:
  std::string ms(int least, int more);
  std::string scope(bool per_instance);
  std::string rate_limit(bool scoped);
  std::string concurrency();
  std::string breaker();
  std::string hedge(bool has_per_try_timeout);
  std::string budget();
  std::string pool();
  std::string inbound(bool fifo);
  RandomText& r_;
};

}  // namespace tailrace::tests
